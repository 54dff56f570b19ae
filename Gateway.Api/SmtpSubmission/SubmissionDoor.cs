using Gateway.Api.Acceptance;
using Gateway.Api.Auth;
using Gateway.Api.Auth.Shield;

namespace Gateway.Api.SmtpSubmission;

/// <summary>What every session of the SMTP door works with.</summary>
internal sealed record SubmissionDoor(
    TenantDirectory Directory,
    AuthShield Shield,
    SubmissionFactory Factory,
    MessageAcceptor Acceptor,
    SubmissionRoute Route,
    SubmissionLoad Load,
    TimeProvider Clock,
    ILogger<SubmissionDoor> Log
);
