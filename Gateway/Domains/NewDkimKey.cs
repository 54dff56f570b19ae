using System.Security.Cryptography;
using Gateway.Mail.Dkim;
using Gateway.Secrets;
using Gateway.Tenants;

namespace Gateway.Domains;

/// <summary>A key just made: its private part sealed for the row it goes into, its public part ready to publish.</summary>
public sealed record NewDkimKey(
    string Selector,
    string Algorithm,
    byte[] PrivateSealed,
    string PublicRecord,
    string? Target
)
{
    public const string Rsa = "rsa-sha256";
    public const string Ed25519 = "ed25519-sha256";

    // 40 bits: no selector of a domain is ever used twice. 100 bits: no target can be guessed before it is given.
    private const int SelectorBytes = 5;
    private const int TargetBytes = 13;

    /// <param name="algorithm"><see cref="Rsa"/> (2048 bits) or <see cref="Ed25519"/>.</param>
    /// <param name="zone">Our zone for aliases, or null.</param>
    public static NewDkimKey Make(MasterKey master, Guid tenant, string domain, string algorithm, string? zone)
    {
        using var key = DkimKey.Generate(algorithm == Ed25519 ? DkimAlgorithm.Ed25519Sha256 : DkimAlgorithm.RsaSha256);
        var selector = "gw" + Base32.Encode(RandomNumberGenerator.GetBytes(SelectorBytes));
        var secret = key.ExportPkcs8();
        try
        {
            return new NewDkimKey(
                selector,
                algorithm,
                master.Seal(secret, DkimSecret.Place(tenant, domain, selector)),
                key.PublicRecord,
                zone is null ? null : $"{Base32.Encode(RandomNumberGenerator.GetBytes(TargetBytes))}.{zone}"
            );
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }
}
