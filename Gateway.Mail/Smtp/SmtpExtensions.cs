using System.Globalization;

namespace Gateway.Mail.Smtp;

/// <summary>What the server offered in its answer to EHLO (RFC 5321 §4.1.1.1). CHUNKING is not used.</summary>
public sealed record SmtpExtensions
{
    public static SmtpExtensions None { get; } = new();

    public bool Pipelining { get; init; }
    public bool EightBitMime { get; init; }
    public bool SmtpUtf8 { get; init; }
    public bool StartTls { get; init; }
    public bool EnhancedStatusCodes { get; init; }

    /// <summary>SIZE without a number, or with 0, states no limit (RFC 1870 §4).</summary>
    public bool Size { get; init; }
    public long? MaxSize { get; init; }

    /// <summary>SASL mechanisms in upper case.</summary>
    public IReadOnlyList<string> Auth { get; init; } = [];

    internal static SmtpExtensions Parse(SmtpReply hello)
    {
        var found = None;
        var first = true;
        foreach (var line in hello.Text.Split('\n'))
        {
            if (first)
            {
                first = false; // the greeting line holds the server's name, not a keyword
                continue;
            }

            // "AUTH=LOGIN" is the form that old Outlook wanted and servers still send.
            var words = line.Split([' ', '='], StringSplitOptions.RemoveEmptyEntries);
            if (words.Length > 0)
            {
                found = found.With(words[0].ToUpperInvariant(), words);
            }
        }

        return found;
    }

    private SmtpExtensions With(string keyword, string[] words) =>
        keyword switch
        {
            "PIPELINING" => this with { Pipelining = true },
            "8BITMIME" => this with { EightBitMime = true },
            "SMTPUTF8" => this with { SmtpUtf8 = true },
            "STARTTLS" => this with { StartTls = true },
            "ENHANCEDSTATUSCODES" => this with { EnhancedStatusCodes = true },
            "SIZE" => this with { Size = true, MaxSize = Limit(words) },
            "AUTH" => this with
            {
                Auth = [.. Auth.Union(words.Skip(1).Select(w => w.ToUpperInvariant()), StringComparer.Ordinal)],
            },
            _ => this,
        };

    private static long? Limit(string[] words) =>
        words.Length > 1
        && long.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out var limit)
        && limit > 0
            ? limit
            : null;
}
