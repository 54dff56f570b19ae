using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Gateway.Secrets;

namespace Gateway.Tenants;

/// <summary>
/// The text of an API key: <c>gw_&lt;live|test&gt;_&lt;epoch&gt;&lt;id&gt;_&lt;secret&gt;&lt;mac&gt;</c>. The mac is keyed,
/// so that a flood of invented keys is refused without looking anything up; a public checksum bots would compute.
/// </summary>
public sealed record ApiKey(string Mode, string Epoch, string Id, string Secret, string Mac)
{
    private const int IdLength = 16;
    private const int SecretLength = 32;
    private const int MacLength = 16;
    private const string Purpose = "gateway/api-key";

    /// <summary>Every key has this length, so a longer text is refused before it is looked at.</summary>
    public const int TextLength = 3 + 4 + 1 + 1 + IdLength + 1 + SecretLength + MacLength;

    public string Text => $"gw_{Mode}_{Epoch}{Id}_{Secret}{Mac}";

    /// <summary>What is stored: the key itself is shown once and kept nowhere.</summary>
    public byte[] Sha256 => SHA256.HashData(Encoding.ASCII.GetBytes(Text));

    public static ApiKey Create(string mode, KeyRing ring)
    {
        var id = Base32.Encode(RandomNumberGenerator.GetBytes(IdLength * 5 / 8));
        var secret = Base32.Encode(RandomNumberGenerator.GetBytes(SecretLength * 5 / 8));
        return new ApiKey(mode, ring.CurrentEpoch, id, secret, ComputeMac(ring, mode, ring.CurrentEpoch, id, secret)!);
    }

    /// <summary>The key if its form and its mac are right; nothing is looked up.</summary>
    public static bool TryVerify(ReadOnlySpan<char> text, KeyRing ring, out ApiKey? key)
    {
        key = null;
        if (text.Length != TextLength || !text.StartsWith("gw_") || text[7] != '_' || text[9 + IdLength] != '_')
        {
            return false;
        }

        var mode = text[3..7];
        var rest = text[8..];
        var secretAt = 1 + IdLength + 1;
        if (
            mode is not ("live" or "test")
            || !Base32.IsAlphabet(rest[..(1 + IdLength)])
            || !Base32.IsAlphabet(rest[secretAt..])
        )
        {
            return false;
        }

        var parsed = new ApiKey(
            mode.ToString(),
            rest[..1].ToString(),
            rest.Slice(1, IdLength).ToString(),
            rest.Slice(secretAt, SecretLength).ToString(),
            rest[(secretAt + SecretLength)..].ToString()
        );
        var mac = ComputeMac(ring, parsed.Mode, parsed.Epoch, parsed.Id, parsed.Secret);
        if (
            mac is null
            || !CryptographicOperations.FixedTimeEquals(
                MemoryMarshal.AsBytes(mac.AsSpan()),
                MemoryMarshal.AsBytes(parsed.Mac.AsSpan())
            )
        )
        {
            return false;
        }

        key = parsed;
        return true;
    }

    private static string? ComputeMac(KeyRing ring, string mode, string epoch, string id, string secret)
    {
        if (ring.Derive(epoch, Purpose) is not { } root)
        {
            return null;
        }

        Span<byte> signed = stackalloc byte[TextLength];
        Encoding.ASCII.TryGetBytes($"{mode}\0{epoch}\0{id}\0{secret}", signed, out var length);
        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(root, signed[..length], mac);
        return Base32.Encode(mac[..10]);
    }
}
