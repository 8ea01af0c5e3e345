//! The one place that draws randomness from the operating system.

/// A source of unpredictable bytes, handed to the pure core for salts, nonces and identifiers.
pub trait Entropy: Send + Sync {
    /// Fills `bytes` with unpredictable values.
    fn fill(&self, bytes: &mut [u8]);

    /// Sixteen unpredictable bytes: the size of every salt and nonce (128 bits).
    fn salt(&self) -> [u8; 16] {
        let mut salt = [0; 16];
        self.fill(&mut salt);
        salt
    }
}

/// The operating system's generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[allow(clippy::disallowed_methods, reason = "this is the one home of randomness")]
    fn fill(&self, bytes: &mut [u8]) {
        // Unwrap safety: a system that cannot produce randomness cannot run this program at all;
        // going on with a predictable salt would be worse than stopping.
        aws_lc_rs::rand::fill(bytes).expect("the operating system yields randomness");
    }
}
