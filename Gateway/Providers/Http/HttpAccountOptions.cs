using System.Globalization;

namespace Gateway.Providers.Http;

/// <summary>What every account at an HTTP API may set.</summary>
public abstract class HttpAccountOptions
{
    private static readonly TimeSpan LongestTimeout = TimeSpan.FromMinutes(2);

    /// <summary>Where the API is, without a path; the provider's own unless given. For an emulator.</summary>
    public string? BaseUrl { get; set; }

    /// <summary>From the first connect to the last byte of the answer; after it, what happened is unknown (D11).</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>DNS, TCP and TLS together; a path that cannot be reached is left after it.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Connections of the account kept open at most.</summary>
    public int MaxConnections { get; set; } = 32;

    /// <summary>SHA-256 of the one certificate that is good, in hex; else the chain and the name are verified.</summary>
    public string? CertificateSha256 { get; set; }

    /// <summary>Any certificate; for development.</summary>
    public bool AcceptAnyCertificate { get; set; }

    /// <summary>Lets the key go in clear; for an emulator on this machine.</summary>
    public bool AllowPlaintext { get; set; }

    /// <summary>Distinct messages refused with the same unknown words in a minute before the path is blamed.</summary>
    public int UnknownTextsAMinute { get; set; } = Outcomes.UnknownTexts.DefaultMost;

    private protected IEnumerable<string> HttpProblems()
    {
        if (BaseUrl is { } text)
        {
            if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url is not { PathAndQuery: "/", UserInfo: "" })
            {
                yield return $"BaseUrl is '{text}'; it must be https://host, without a path";
            }
            else if (url.Scheme != Uri.UriSchemeHttps && !(url.Scheme == Uri.UriSchemeHttp && AllowPlaintext))
            {
                yield return $"BaseUrl is '{text}': the key would go in clear; use https, or AllowPlaintext for an emulator on this machine";
            }
        }

        if (Timeout <= TimeSpan.Zero || Timeout > LongestTimeout)
        {
            yield return $"Timeout is {Timeout}; it must be above 0 and at most {LongestTimeout}";
        }

        if (ConnectTimeout <= TimeSpan.Zero || ConnectTimeout > LongestTimeout)
        {
            yield return $"ConnectTimeout is {ConnectTimeout}; it must be above 0 and at most {LongestTimeout}";
        }

        if (MaxConnections < 1)
        {
            yield return $"MaxConnections is {MaxConnections.ToString(CultureInfo.InvariantCulture)}; it must be at least 1";
        }

        if (UnknownTextsAMinute < 1)
        {
            yield return $"UnknownTextsAMinute is {UnknownTextsAMinute.ToString(CultureInfo.InvariantCulture)}; it must be at least 1";
        }

        if (
            CertificateSha256 is { } pin
            && (
                pin.Replace(":", "", StringComparison.Ordinal) is not { Length: 64 } hex
                || !hex.All(char.IsAsciiHexDigit)
            )
        )
        {
            yield return $"CertificateSha256 is '{pin}'; it must have 64 hex digits";
        }
    }
}
