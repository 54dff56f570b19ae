using Gateway.Api.Acceptance;
using Gateway.Api.Auth;
using Gateway.Api.Auth.Shield;
using Gateway.Api.Manage;

namespace Gateway.Api.SmtpSubmission;

/// <summary>What every session of the SMTP door works with.</summary>
internal sealed record SubmissionDoor(
    TenantDirectory Directory,
    AuthShield Shield,
    SubmissionFactory Factory,
    MessageAcceptor Acceptor,
    SubmissionRoute Route,
    SubmissionLoad Load,
    KeyUse Uses,
    NetworkUse Networks,
    TimeProvider Clock,
    ILogger<SubmissionDoor> Log
);
