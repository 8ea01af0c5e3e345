//! The `hutong` program: everything it does lives in the library.

fn main() -> std::process::ExitCode {
    hutong::cli::run()
}
