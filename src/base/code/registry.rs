//! The registry: every code once, with its slug, layer, answer and ETSI indication.
//!
//! Codes are published. They are never renumbered, renamed or used again for something else.

use super::UnknownCode;
use super::answer::{Answer, Layer};
use super::etsi::{Etsi, MainIndication, SubIndication};

/// Declares the enum and everything that is known of each code without words.
macro_rules! registry {
    ($(
        $variant:ident = $slug:literal, $layer:ident, $answer:ident $(($status:literal))?,
        [$($main:ident $($sub:ident)?)?], $meaning:literal;
    )+) => {
        /// A reason code of the published registry.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(
                #[doc = concat!("`", $slug, "`: ", $meaning, ".")]
                $variant,
            )+
        }

        impl Code {
            /// Every code, in the order of their names.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The code as it is published, such as `licence.revoked`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $slug),+ }
            }

            /// The part of the system that says it.
            #[must_use]
            pub const fn layer(self) -> Layer {
                match self { $(Self::$variant => Layer::$layer),+ }
            }

            /// What the code leads to.
            #[must_use]
            pub const fn answer(self) -> Answer {
                match self { $(Self::$variant => Answer::$answer $(($status))?),+ }
            }

            /// The indication of ETSI EN 319 102-1 that goes with the code, where one does.
            #[must_use]
            pub const fn etsi(self) -> Option<Etsi> {
                match self { $(Self::$variant => registry!(@etsi $($main $($sub)?)?)),+ }
            }
        }

        impl std::str::FromStr for Code {
            type Err = UnknownCode;

            fn from_str(text: &str) -> Result<Self, UnknownCode> {
                match text {
                    $($slug => Ok(Self::$variant),)+
                    _ => Err(UnknownCode),
                }
            }
        }
    };
    (@etsi) => { None };
    (@etsi $main:ident) => { Some(Etsi::new(MainIndication::$main, None)) };
    (@etsi $main:ident $sub:ident) => {
        Some(Etsi::new(MainIndication::$main, Some(SubIndication::$sub)))
    };
}

registry! {
    AlgNotAllowed = "alg-not-allowed", TrustUpdate, Keep, [], "algorithm";
    AnswerMismatch = "answer-mismatch", Problem, Problem, [], "answer bound to another request";
    AuditUnavailable = "audit-unavailable", Problem, Problem, [], "the audit log cannot be written";
    ClaimsNotGranted = "claims-not-granted", Problem, Problem, [], "claims beyond the grant";
    ClientCertificateRejected = "client-certificate-rejected", Problem, Problem, [],
        "ended, revoked, or of another authority";
    ClientCertificateRequired = "client-certificate-required", Problem, Problem, [],
        "no certificate, or a federation route asked in public";
    ClientSignatureRequired = "client-signature-required", Problem, Problem, [],
        "a vouched request where a signed one is needed";
    ClientSuspended = "client-suspended", Problem, Problem, [], "a known client, suspended";
    ClockInvalid = "clock-invalid", Cli, Exit(78), [], "the clock stands before 2026-01-01";
    ConfigInvalid = "config-invalid", Cli, Exit(78), [], "the configuration is wrong";
    ConfigMissing = "config-missing", Cli, Exit(78), [], "no configuration file";
    Conflict = "conflict", TrustUpdate, Keep, [], "one entry twice with different content";
    ContentEncoding = "content-encoding", TrustUpdate, Keep, [], "encoding not asked for";
    CryptoNotAllowed = "crypto.not_allowed", Verdict, Refuse, [Indeterminate CryptoConstraintsFailure],
        "an algorithm or key not allowed for this issuer";
    DatabaseDamaged = "database-damaged", Cli, Exit(65), [], "the store is damaged";
    DeadlineExceeded = "deadline-exceeded", Problem, Problem, [],
        "not done within the request's deadline";
    DiskFull = "disk-full", Cli, Exit(74), [], "the disk is full or fails";
    DuplicateKey = "duplicate-key", TrustUpdate, EntryRefused, [], "key owned by an earlier entry";
    DuplicateMember = "duplicate-member", TrustUpdate, Keep, [], "JSON member twice";
    FolderInUse = "folder-in-use", Cli, Exit(75), [], "another process holds the folder";
    Fork = "fork", TrustUpdate, Keep, [], "PreviousList does not match";
    FormatDamaged = "format.damaged", Verdict, Refuse, [TotalFailed FormatFailure],
        "one of our formats, badly formed";
    FormatTooLarge = "format.too_large", Verdict, Refuse, [TotalFailed FormatFailure],
        "over a limit";
    FormatUnsupported = "format.unsupported", Verdict, Check, [TotalFailed FormatFailure],
        "not a format of ours";
    Freeze = "freeze", TrustUpdate, Keep, [], "the freshness statement has run out";
    GrantExhausted = "grant-exhausted", Problem, Problem, [], "all uses spent";
    GrantExpired = "grant-expired", Problem, Problem, [], "past the end of the grant";
    GrantNotBoundToClient = "grant-not-bound-to-client", Problem, Problem, [],
        "given to another party or key";
    GrantPaused = "grant-paused", Problem, Problem, [],
        "paused by the holder, or its member is suspended";
    GrantPurposeMismatch = "grant-purpose-mismatch", Problem, Problem, [],
        "another purpose than was granted";
    GrantRequired = "grant-required", Problem, Problem, [], "no grant named, or an unknown one";
    GrantRevoked = "grant-revoked", Problem, Problem, [], "taken back";
    HeadersTooLarge = "headers-too-large", Problem, Problem, [], "the headers are over their limit";
    HolderBindingFailed = "holder.binding_failed", Verdict, Refuse, [TotalPassed],
        "key binding missing, too old, or by or for another";
    HolderClock = "holder.clock", Verdict, Check, [TotalPassed], "our own clock cannot be trusted";
    HolderCodeExpired = "holder.code_expired", Verdict, Check, [TotalPassed],
        "dynamic code older than 60 s";
    HolderLoginRequired = "holder-login-required", Problem, Problem, [],
        "no session of the holder, or too old a one";
    HolderReplay = "holder.replay", Verdict, Check, [TotalPassed], "a code or nonce used before";
    HolderReplayUnchecked = "holder.replay_unchecked", Verdict, Check, [TotalPassed],
        "issuing gateway not reached to decide once";
    HolderSignatureInvalid = "holder-signature-invalid", Problem, Problem, [],
        "the approval does not verify or approves something else";
    IdNotCanonical = "id-not-canonical", TrustUpdate, Keep, [], "identifier not in canonical form";
    IdempotencyInProgress = "idempotency-in-progress", Problem, Problem, [],
        "the same key is being worked on";
    IdempotencyKeyReused = "idempotency-key-reused", Problem, Problem, [],
        "the same key with another request";
    IdentifierBad = "identifier.bad", Note, Info, [], "check character wrong: data defect";
    IdentifierVariant = "identifier.variant", Note, Info, [],
        "check character by the variant algorithm";
    IntendedUseNotRegistered = "intended-use-not-registered", Problem, Problem, [],
        "no such intended use";
    Internal = "internal", Problem, Problem, [], "a fault of ours; nothing of the inside is told";
    Interrupted = "interrupted", Cli, Exit(130), [], "stopped by a signal";
    IssuerCertExpiredUnproven = "issuer.cert_expired_unproven", Verdict, Check, [Indeterminate OutOfBoundsNoPoe],
        "signer ended and no proof of existence";
    IssuerCertRevoked = "issuer.cert_revoked", Verdict, Refuse, [Indeterminate RevokedNoPoe],
        "signer revoked and no earlier proof of existence";
    IssuerKeyUnknown = "issuer.key_unknown", Verdict, Check, [Indeterminate NoSigningCertificateFound],
        "no such certificate and none sent";
    IssuerNotFederated = "issuer.not_federated", Verdict, Refuse, [Indeterminate NoCertificateChainFound],
        "the issuer is not recognised, which is not to say forged";
    IssuerOutOfScope = "issuer.out_of_scope", Verdict, Refuse, [Indeterminate ChainConstraintsFailure],
        "division, type, usage, `iss` or key disagree with the list";
    IssuerProvinceUnreachable = "issuer-province-unreachable", Problem, Problem, [],
        "the issuing gateway did not answer";
    IssuerSuspended = "issuer.suspended", Verdict, Refuse, [Indeterminate ChainConstraintsFailure],
        "issuer or its province suspended";
    IssuerWithdrawn = "issuer.withdrawn", Verdict, Refuse, [Indeterminate ChainConstraintsFailure],
        "issuer or its province withdrawn";
    KeyPermissions = "key-permissions", Cli, Exit(78), [], "a key file that others may read";
    LegalBasisRequired = "legal-basis-required", Problem, Problem, [], "no law or inspection named";
    LicenceCancelled = "licence.cancelled", Verdict, Refuse, [TotalPassed],
        "struck off the register, 注销";
    LicenceExpired = "licence.expired", Verdict, Refuse, [TotalPassed],
        "past its end; judged before the status bit";
    LicenceInvalid = "licence.invalid", Verdict, Refuse, [TotalPassed], "other invalidity";
    LicenceNotYetValid = "licence.not_yet_valid", Verdict, Refuse, [TotalPassed],
        "before its start";
    LicenceRevoked = "licence.revoked", Verdict, Refuse, [TotalPassed],
        "revoked as a penalty, 吊销";
    LicenceStatusUnknown = "licence.status_unknown", Verdict, Check, [TotalPassed],
        "a status that maps to nothing";
    LicenceSuperseded = "licence.superseded", Verdict, Refuse, [TotalPassed],
        "replaced by a newer one, 已换发";
    LicenceSuspended = "licence.suspended", Verdict, Refuse, [TotalPassed],
        "suspended for a time, 暂扣";
    LicenceTransferredOut = "licence.transferred_out", Verdict, Refuse, [TotalPassed],
        "moved to another authority";
    LicenceWithdrawn = "licence.withdrawn", Verdict, Refuse, [TotalPassed],
        "its grant undone, 撤销";
    ListEquivocation = "list-equivocation", TrustUpdate, Keep, [], "same sequence other bytes";
    ListExpired = "list-expired", TrustUpdate, Keep, [], "past NextUpdate";
    ListNotYetValid = "list-not-yet-valid", TrustUpdate, Keep, [], "issued in the future";
    ListRollback = "list-rollback", TrustUpdate, Keep, [], "sequence lower than stored";
    Malformed = "malformed", TrustUpdate, Keep, [], "not parseable as what it claims";
    MalformedRequest = "malformed-request", Problem, Problem, [], "the request cannot be read";
    MemberKeyUnproven = "member-key-unproven", TrustUpdate, Keep, [],
        "list key changed without KeyChange";
    MemberStaged = "member-staged", Problem, Problem, [], "not yet granted";
    MemberSuspended = "member-suspended", Problem, Problem, [], "a known member, suspended";
    MemberWithdrawn = "member-withdrawn", Problem, Problem, [], "a known member that left";
    MethodNotAllowed = "method-not-allowed", Problem, Problem, [],
        "the route exists, not for this method";
    Misdirected = "misdirected", Problem, Problem, [], "a host that is not ours";
    MissingIdempotencyKey = "missing-idempotency-key", Problem, Problem, [],
        "a route that needs Idempotency-Key";
    NoPossessionProof = "no-possession-proof", TrustUpdate, EntryRefused, [], "entry without proof";
    NotFound = "not-found", Problem, Problem, [], "nothing there, or nothing of yours: told alike";
    NotReady = "not-ready", Problem, Problem, [], "no usable trust, anchors or store";
    NotShown = "not_shown", Note, Info, [], "the holder showed nothing, the register answered";
    NotWitnessed = "not-witnessed", TrustUpdate, RestrictionsOnly, [], "quorum missing";
    Ok = "ok", Verdict, Accept, [TotalPassed], "every check passed";
    OperatorNotOperating = "operator.not_operating", Verdict, Check, [TotalPassed],
        "operator status";
    OutOfScope = "out-of-scope", TrustUpdate, EntryRefused, [], "entry beyond the grant";
    OverAsking = "over-asking", Problem, Problem, [], "claims beyond the registered intended use";
    Overloaded = "overloaded", Problem, Problem, [], "shed under load";
    PassExcluded = "pass.excluded", Verdict, Refuse, [TotalPassed], "excluded date";
    PassHours = "pass.hours", Verdict, Refuse, [TotalPassed],
        "not at this hour; next allowed instant given";
    PassPlateNotCompared = "pass.plate_not_compared", Verdict, Check, [TotalPassed],
        "static code without observed plate";
    PassSection = "pass.section", Verdict, Refuse, [TotalPassed], "not on this section";
    PassVehicle = "pass.vehicle", Verdict, Refuse, [TotalPassed], "observed plate differs";
    PathAlgorithm = "path.algorithm", Path, Exit(1), [], "algorithm not allowed";
    PathAnchorExpired = "path.anchor_expired", Path, Exit(1), [], "anchor outside its validity";
    PathBadKey = "path.bad_key", Path, Exit(1), [], "key malformed";
    PathBudget = "path.budget", Path, Exit(1), [], "work budget spent";
    PathCriticalExtension = "path.critical_extension", Path, Exit(1), [],
        "unknown critical extension";
    PathExpired = "path.expired", Path, Exit(1), [], "certificate outside its validity";
    PathKeyUsage = "path.key_usage", Path, Exit(1), [], "key usage";
    PathLength = "path.length", Path, Exit(1), [], "path length or depth";
    PathMalformed = "path.malformed", Path, Exit(1), [], "not DER or not a certificate";
    PathName = "path.name", Path, Exit(1), [], "asked name does not match";
    PathNameConstraint = "path.name_constraint", Path, Exit(1), [], "name constraints";
    PathNoPath = "path.no_path", Path, Exit(1), [], "no chain to an anchor";
    PathNotACa = "path.not_a_ca", Path, Exit(1), [], "issuer is no CA";
    PathNotYetValid = "path.not_yet_valid", Path, Exit(1), [], "before its validity";
    PathPolicy = "path.policy", Path, Exit(1), [], "policies";
    PathProfile = "path.profile", Path, Exit(1), [], "RFC 5280 profile violated";
    PathPurpose = "path.purpose", Path, Exit(1), [], "extended key usage";
    PathRevocationUnknown = "path.revocation_unknown", Path, Exit(1), [],
        "no usable CRL or OCSP answer";
    PathRevoked = "path.revoked", Path, Exit(1), [], "revoked";
    PathSignature = "path.signature", Path, Exit(1), [], "a signature in the chain fails";
    PathWeakKey = "path.weak_key", Path, Exit(1), [], "key too weak";
    PortInUse = "port-in-use", Cli, Exit(69), [], "the port to listen on is taken";
    PreconditionFailed = "precondition-failed", Problem, Problem, [], "If-Match does not match";
    PreconditionRequired = "precondition-required", Problem, Problem, [], "If-Match is missing";
    RateLimited = "rate-limited", Problem, Problem, [], "over a quota";
    RecordAudience = "record.audience", Record, Info, [], "opened by another audience";
    RecordErased = "record-erased", Problem, Problem, [], "erased after its retention";
    RecordExpired = "record.expired", Record, Info, [], "annotation expired (proof stays)";
    RecordGrant = "record.grant", Record, Refuse, [TotalPassed],
        "the grant's signature, binding, window or use fails";
    RecordManifest = "record.manifest", Record, Refuse, [TotalFailed HashFailure],
        "a part does not match the manifest";
    RecordNoPoe = "record.no_poe", Record, Check, [Indeterminate NoPoe],
        "asked for the past without proof of existence";
    RecordPartMissing = "record.part_missing", Record, Refuse, [TotalFailed FormatFailure],
        "a part that its basis demands is absent";
    RecordProofInvalid = "record.proof_invalid", Record, Refuse, [TotalFailed SigCryptoFailure],
        "a proof that does not verify";
    RecordSignature = "record.signature", Record, Refuse, [TotalFailed SigCryptoFailure],
        "gateway signature";
    RecordStatus = "record.status", Record, Check, [Indeterminate TryLater],
        "status evidence does not cover the use";
    RecordTransaction = "record.transaction", Record, Refuse, [TotalPassed],
        "what was agreed differs";
    RecordVerdictMismatch = "record.verdict_mismatch", Record, Refuse, [TotalFailed],
        "recomputed layers differ from the stored report";
    RecordVersion = "record.version", Record, Refuse, [TotalFailed FormatFailure],
        "unknown major version";
    RegisterNotFound = "register.not_found", Verdict, Check, [],
        "no record anywhere asked, which proves nothing";
    RegisterUnavailable = "register.unavailable", Verdict, Check, [], "a province did not answer";
    RegisterValid = "register.valid", Verdict, Accept, [], "in force by the issuing register";
    RequestReplayed = "request-replayed", Problem, Problem, [],
        "a signed request used before, or too old";
    RequestSignatureInvalid = "request-signature-invalid", Problem, Problem, [],
        "the request's signature is absent or does not fit";
    ReviewFailed = "review.failed", Verdict, Check, [TotalPassed], "annual review failed";
    ReviewOverdue = "review.overdue", Verdict, Check, [TotalPassed], "annual review overdue";
    RoleNotAllowed = "role-not-allowed", Problem, Problem, [], "the caller has not the role";
    RootChainBroken = "root-chain-broken", TrustUpdate, Keep, [],
        "root not signed by the previous keys";
    RootInvalid = "root-invalid", TrustUpdate, Keep, [], "root malformed";
    RootMismatch = "root-mismatch", Cli, Exit(78), [],
        "the root does not verify or is not the stored one";
    SeqJump = "seq-jump", TrustUpdate, Keep, [], "sequence jumps too far";
    SnapshotMismatch = "snapshot-mismatch", TrustUpdate, Keep, [],
        "hash or size differ from the freshness statement";
    SplitView = "split-view", TrustUpdate, Keep, [], "log inconsistent";
    StateConflict = "state-conflict", Problem, Problem, [], "the state does not allow this step";
    StatusMissing = "status.missing", Verdict, Refuse, [TotalPassed],
        "the list demands a status and there is none";
    StatusStale = "status.stale", Verdict, Check, [Indeterminate TryLater],
        "status older than the use allows";
    StatusUnavailable = "status.unavailable", Verdict, Check, [Indeterminate TryLater],
        "status list not to be had or not trusted";
    TamperedDisclosure = "tampered.disclosure", Verdict, Refuse, [TotalFailed HashFailure],
        "a disclosure without its digest, or against it";
    TamperedSignature = "tampered.signature", Verdict, Refuse, [TotalFailed SigCryptoFailure],
        "signature does not verify";
    ThresholdNotMet = "threshold-not-met", TrustUpdate, Keep, [], "too few distinct keys";
    Timeout = "timeout", TrustUpdate, Keep, [], "too slow";
    TooLarge = "too-large", TrustUpdate, Keep, [], "over the signed or allowed size";
    TooLargeBody = "too-large-body", Problem, Problem, [], "the body is over its limit";
    TrustExpired = "trust.expired", Verdict, Check, [Indeterminate TryLater], "list past its end";
    TrustListStale = "trust-list-stale", Problem, Problem, [],
        "trust older than an hour, for disclosure to businesses";
    UnknownPurpose = "unknown-purpose", Problem, Problem, [], "a purpose that is not configured";
    UnsupportedMediaType = "unsupported-media-type", Problem, Problem, [],
        "a content type that is not taken";
    UriTooLong = "uri-too-long", Problem, Problem, [], "the address is over its limit";
    ValidationFailed = "validation-failed", Problem, Problem, [],
        "members are wrong, named by pointer";
    VehicleNotInService = "vehicle.not_in_service", Verdict, Check, [TotalPassed],
        "vehicle operating status";
    WrongKeyUsage = "wrong-key-usage", TrustUpdate, Keep, [], "signed by a key of another kind";
    WrongSigner = "wrong-signer", TrustUpdate, Keep, [], "signed by another member's key";
    WrongTyp = "wrong-typ", TrustUpdate, Keep, [], "type confusion";
}
