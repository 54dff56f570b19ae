using System.Security.Cryptography;
using System.Text;

namespace Gateway.Mail.Messages;

/// <summary>
/// The boundaries of one message, derived from its seed. They begin with "=_", which neither base64 nor
/// quoted-printable can hold (RFC 2045 §6.7); what travels as 7bit is searched, and the next derivation taken on a hit.
/// </summary>
internal readonly struct Boundaries
{
    private readonly string stem;

    private Boundaries(string stem) => this.stem = stem;

    public string Mixed => stem + "1";

    public string Related => stem + "2";

    public string Alternative => stem + "3";

    public static Boundaries From(string seed, Func<string, bool> isInContent)
    {
        for (var round = 0; ; round++)
        {
            var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{round}\n{seed}"));
            var derived = $"=_{Convert.ToHexStringLower(hash.AsSpan(0, 12))}_";
            if (!isInContent(derived))
                return new Boundaries(derived);
        }
    }
}
