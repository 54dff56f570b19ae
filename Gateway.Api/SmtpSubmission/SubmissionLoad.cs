using Gateway.Api.Auth.Shield;
using Gateway.Mail.Smtp;

namespace Gateway.Api.SmtpSubmission;

/// <summary>How full this replica is, as far as a session asks: bytes being read, and sessions of one tenant.</summary>
internal sealed class SubmissionLoad(ShieldOptions options, ContentBudget content)
{
    public TenantShares Sessions { get; } = new(options.SmtpConnectionsPerTenant);

    /// <summary>Content that begins now would likely find no room.</summary>
    public bool IsFull => content.Taken > content.Most * 9 / 10;
}
