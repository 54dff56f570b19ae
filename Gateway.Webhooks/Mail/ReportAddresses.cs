using Gateway.ReturnMail;

namespace Gateway.Webhooks.Mail;

/// <summary>
/// The addresses of the bounce domain that anybody knows: postmaster (RFC 5321 §4.5.1), abuse (RFC 2142 §2) and those that
/// feedback loops were registered with. What comes there is kept like other mail; since no mac stands before it, so is
/// how much.
/// </summary>
internal sealed class ReportAddresses(InboundMailOptions options, string domain, TimeProvider clock)
{
    private const string Postmaster = "postmaster";
    private static readonly string[] Always = [Postmaster, "abuse"];

    /// <summary>Of one such mail: what identifies the mail reported about stands before its text.</summary>
    private const int KeptBytes = 64 << 10;
    private static readonly TimeSpan Window = TimeSpan.FromHours(1);

    private readonly HashSet<string> names = new(
        [.. Always, .. options.ReportAddresses],
        StringComparer.OrdinalIgnoreCase
    );
    private readonly Lock gate = new();
    private long began = clock.GetTimestamp();
    private long kept;

    /// <param name="address">As it was given; a postmaster without a domain is ours.</param>
    public ReturnTarget? Read(string address)
    {
        var at = address.LastIndexOf('@');
        var isOurs =
            at < 0
                ? address.Equals(Postmaster, StringComparison.OrdinalIgnoreCase)
                : address.AsSpan(at + 1).Equals(domain, StringComparison.OrdinalIgnoreCase)
                    && names.Contains(address[..at]);
        return isOurs ? new ReturnTarget(ReturnKind.Report, Guid.Empty, 0) : null;
    }

    /// <summary>There is room for one more within this hour.</summary>
    public bool HasRoom()
    {
        lock (gate)
        {
            if (clock.GetElapsedTime(began) >= Window)
            {
                (began, kept) = (clock.GetTimestamp(), 0);
            }

            return kept < options.ReportBytesPerHour;
        }
    }

    /// <summary>What is kept of a mail's content, which counts from now on.</summary>
    public byte[] Take(byte[] content)
    {
        var taken = content.Length <= KeptBytes ? content : content[..KeptBytes];
        lock (gate)
        {
            kept += taken.Length;
        }

        return taken;
    }
}
