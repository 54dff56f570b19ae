using System.Security.Cryptography;
using System.Text;

namespace Gateway.Mail.Dkim;

/// <summary>A published key that can be used (RFC 6376 §3.6.1, RFC 8463 §4).</summary>
internal sealed class KeyRecord
{
    /// <summary>A 4096-bit key needs 750 characters; the rest is notes.</summary>
    public const int MaxLength = 16 * 1024;

    private const int MaxRsaBits = 8192; // verification time grows with the square
    private const int MinRsaBits = 1024; // RFC 8301 §3.2: shorter keys must not be considered valid
    private RSAParameters rsa;
    private byte[] ed25519 = [];

    public bool IsEd25519 => ed25519.Length > 0;

    public int Bits { get; private set; }

    public bool IsTesting { get; private set; }

    /// <summary>t=s: i= must be in the domain of d= itself.</summary>
    public bool IsStrict { get; private set; }

    /// <summary>False with the reason if this record cannot verify a signature of this key type.</summary>
    public static bool TryRead(string text, out KeyRecord key, out DkimVerdict refusal)
    {
        key = new KeyRecord();
        var problem = key.Read(text);
        refusal = new DkimVerdict(DkimStatus.PermError, problem);
        if (problem.Length == 0 && !key.IsEd25519 && key.Bits is < MinRsaBits or > MaxRsaBits)
        {
            refusal = new DkimVerdict(DkimStatus.Policy, $"RSA key of {key.Bits} bits") { KeyBits = key.Bits };
            return false;
        }

        return problem.Length == 0;
    }

    public bool Verify(byte[] hash, byte[] signature) =>
        IsEd25519 ? Ed25519Key.Verify(ed25519, hash, signature) : RsaPublicKey.Verify(rsa, hash, signature);

    private string Read(string text)
    {
        if (text.Length > MaxLength)
        {
            return $"key record is longer than {MaxLength} characters";
        }

        if (!TagList.TryParse(Encoding.UTF8.GetBytes(text), out var tags, out var problem))
        {
            return "key record: " + problem;
        }

        // §3.6.1 v=: if present it is the first tag and exactly DKIM1; else the record is discarded.
        if (tags.TryGet("v", out var version) && (version != "DKIM1" || tags.FirstName != "v"))
        {
            return "key record is not v=DKIM1";
        }

        if (tags.TryGet("h", out var hashes) && !FoldingSpace.SplitList(hashes).Contains("sha256"))
        {
            return "key record does not allow sha256";
        }

        // §3.6.1 s=: "email" is this use.
        if (tags.TryGet("s", out var services) && !FoldingSpace.SplitList(services).Any(s => s is "*" or "email"))
        {
            return "key record is not for e-mail";
        }

        var flags = tags.TryGet("t", out var listed) ? FoldingSpace.SplitList(listed) : [];
        IsTesting = flags.Contains("y");
        IsStrict = flags.Contains("s");
        return ReadKey(tags);
    }

    private string ReadKey(TagList tags)
    {
        if (!tags.TryGet("p", out var text))
        {
            return "key record without p=";
        }

        if (text.Length == 0)
        {
            return "key revoked"; // §3.6.1 p=: an empty value means that the key has been revoked.
        }

        if (!tags.TryGetBase64("p", out var data))
        {
            return "key record: p= is not base64";
        }

        switch (tags.TryGet("k", out var type) ? type : "rsa")
        {
            case "rsa" when RsaPublicKey.TryRead(data, out rsa, out var bits):
                Bits = bits;
                return "";
            case "ed25519" when data.Length == Ed25519Key.PublicLength:
                ed25519 = data;
                Bits = 256;
                return "";
            case "rsa" or "ed25519":
                return "key record: p= holds no such key";
            default:
                return "key record: unknown k=";
        }
    }
}
