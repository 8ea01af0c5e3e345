//! From a presented chain to a caller: the hub's key, a member's pinned certificate, or a path to
//! an authority of this node's own, in this order.

use super::caller::{Caller, Client};
use super::name::ClientName;
use super::refusal::IdentityRefusal;
use super::role::Role;
use crate::base::{MemberId, Timestamp, limits};
use crate::crypto::x509::Certificate;
use crate::trust::{ServiceStatus, Snapshot};

/// Where the question is asked: it decides whose authorities make clients.
#[derive(Clone, Debug)]
pub enum Place {
    /// At a member's gateway: the `ClientCa` entries of its own newest list.
    Gateway(MemberId),
    /// At the hub: the operators' authorities of its configuration, since the hub has no list.
    Hub(Vec<Certificate>),
}

/// Reads a chain as the other side of a connection presented it, its own certificate first.
pub fn read_chain<T: AsRef<[u8]>>(chain: &[T]) -> Result<Vec<Certificate>, IdentityRefusal> {
    if chain.len() > limits::CERTIFICATE_CHAIN_LENGTH {
        return Err(IdentityRefusal::TooLong);
    }
    let read = |der: &T| Certificate::parse(der.as_ref()).map_err(IdentityRefusal::Certificate);
    chain.iter().map(read).collect()
}

/// Tells who presents `chain`, judged against `snapshot` at `now`.
///
/// That the other side holds the key is what the handshake proved. A client's certificate must be
/// signed by its authority itself; what else the chain holds is not looked at. A caller that is
/// known but suspended or withdrawn is identified; [`Caller::standing`] tells what is the matter.
pub fn identify(
    chain: &[Certificate],
    snapshot: &Snapshot,
    own: &Place,
    now: Timestamp,
) -> Result<Caller, IdentityRefusal> {
    if chain.len() > limits::CERTIFICATE_CHAIN_LENGTH {
        return Err(IdentityRefusal::TooLong);
    }
    let leaf = chain.first().ok_or(IdentityRefusal::Missing)?;
    if leaf.spki_digest() == snapshot.hub().tls_spki_sha256 {
        check_leaf(leaf, now)?;
        return Ok(Caller::Hub);
    }
    if let Some((member, status)) = snapshot.member_by_tls(leaf) {
        check_leaf(leaf, now)?;
        return Ok(Caller::Member { id: member.id, status });
    }
    let authority = authority_of(leaf, snapshot, own).ok_or(IdentityRefusal::Unknown)?;
    check_leaf(leaf, now)?;
    check_validity(&authority.certificate, now)?;
    check_client_purpose(leaf)?;
    let name = client_name(leaf)?;
    if let Place::Gateway(member) = own
        && name.division != member.division()
    {
        return Err(IdentityRefusal::OtherProvince);
    }
    if authority.role != Some(name.role) {
        return Err(IdentityRefusal::OtherRole);
    }
    let key = leaf.public_key().map_err(|_| IdentityRefusal::BadKey)?;
    Ok(Caller::Client(Client::new(name, key, leaf.digest(), authority.status)))
}

/// An authority that may have made the caller a client.
struct Authority {
    certificate: Certificate,
    /// `None` when the list names a role that this program does not know.
    role: Option<Role>,
    status: ServiceStatus,
}

/// The authority that signed `leaf`. One of the same name whose key did not sign it is another's.
fn authority_of(leaf: &Certificate, snapshot: &Snapshot, own: &Place) -> Option<Authority> {
    let signed_leaf = |authority: &Certificate| {
        authority.is_authority()
            && authority.key_usage().is_some_and(|usage| usage.certificate_signing)
            && leaf.verify_issued_by(authority).is_ok()
    };
    match own {
        Place::Gateway(member) => {
            let mut listed = snapshot.client_authorities(*member);
            let found = listed.find(|listed| signed_leaf(&listed.certificate))?;
            Some(Authority {
                role: found.role.parse().ok(),
                certificate: found.certificate,
                status: found.status,
            })
        }
        Place::Hub(configured) => {
            let found = configured.iter().find(|known| signed_leaf(known))?;
            Some(Authority {
                certificate: found.clone(),
                role: Some(Role::Operator),
                status: ServiceStatus::Granted,
            })
        }
    }
}

fn check_leaf(leaf: &Certificate, now: Timestamp) -> Result<(), IdentityRefusal> {
    if leaf.is_authority() {
        return Err(IdentityRefusal::NotALeaf);
    }
    check_validity(leaf, now)?;
    let purposes = leaf.purposes();
    let names_clients = purposes.iter().any(|purpose| purpose == CLIENT_AUTH);
    let names_any = purposes.iter().any(|purpose| purpose == ANY_PURPOSE);
    // Where a key usage is stated, it must allow the signature that ends the handshake.
    let signs = leaf.key_usage().is_none_or(|usage| usage.digital_signature);
    if names_clients && !names_any && signs { Ok(()) } else { Err(IdentityRefusal::Purpose) }
}

/// A client's certificate serves for this alone; only the hub and members, which are servers as
/// well, have one more purpose.
fn check_client_purpose(leaf: &Certificate) -> Result<(), IdentityRefusal> {
    if leaf.purposes() == [CLIENT_AUTH] { Ok(()) } else { Err(IdentityRefusal::Purpose) }
}

fn check_validity(certificate: &Certificate, now: Timestamp) -> Result<(), IdentityRefusal> {
    if now < certificate.not_before() {
        Err(IdentityRefusal::NotYetValid)
    } else if certificate.is_valid_at(now) {
        Ok(())
    } else {
        Err(IdentityRefusal::Expired { not_after: certificate.not_after() })
    }
}

fn client_name(leaf: &Certificate) -> Result<ClientName, IdentityRefusal> {
    let [uri] = leaf.uris() else { return Err(IdentityRefusal::Name) };
    uri.parse().map_err(|_| IdentityRefusal::Name)
}

/// id-kp-clientAuth (RFC 5280 §4.2.1.12).
const CLIENT_AUTH: &str = "1.3.6.1.5.5.7.3.2";
/// anyExtendedKeyUsage.
const ANY_PURPOSE: &str = "2.5.29.37.0";
