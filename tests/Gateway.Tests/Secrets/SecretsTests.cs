using System.Security.Cryptography;
using Gateway.Secrets;
using Gateway.Tenants;

namespace Gateway.Tests.Secrets;

public sealed class SecretsTests
{
    private static readonly SecretPlace Place = new(Guid.NewGuid(), "dkim_keys", "1", "private");

    [Fact]
    public void A_secret_opens_only_with_its_key_and_in_its_place()
    {
        var master = MasterKey.Generate();
        var sealedBytes = master.Seal("secret"u8, Place);

        Assert.Equal("secret"u8.ToArray(), master.Open(sealedBytes, Place));
        foreach (
            var wrong in (SecretPlace[])
                [
                    Place with
                    {
                        Tenant = Guid.NewGuid(),
                    },
                    Place with
                    {
                        Table = "dkim_key",
                        Row = "s1",
                    },
                    Place with
                    {
                        Row = "2",
                    },
                    Place with
                    {
                        Purpose = "public",
                    },
                ]
        )
        {
            Assert.Throws<AuthenticationTagMismatchException>(() => master.Open(sealedBytes, wrong));
        }

        Assert.Throws<AuthenticationTagMismatchException>(() => MasterKey.Generate().Open(sealedBytes, Place));
        sealedBytes[^1] ^= 1;
        Assert.Throws<AuthenticationTagMismatchException>(() => master.Open(sealedBytes, Place));
    }

    [Fact]
    public void Passwords_are_stable_and_differ_by_role_and_key()
    {
        var master = MasterKey.Generate();
        Assert.Equal(master.DerivePassword("gw_door"), master.DerivePassword("gw_door"));
        Assert.NotEqual(master.DerivePassword("gw_door"), master.DerivePassword("gw_worker"));
        Assert.NotEqual(master.DerivePassword("gw_door"), MasterKey.Generate().DerivePassword("gw_door"));
    }

    [Fact]
    public void A_key_ring_survives_its_file_and_refuses_another_master_key()
    {
        var (master, ring) = (MasterKey.Generate(), KeyRing.Generate());
        var file = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N"));
        try
        {
            ring.Save(file, master);
            Assert.Equal(ring.Derive("a", "x"), KeyRing.Load(file, master).Derive("a", "x"));
            var error = Assert.Throws<InvalidOperationException>(() => KeyRing.Load(file, MasterKey.Generate()));
            Assert.Contains("KeyRingFile", error.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void Every_change_to_a_key_is_refused_without_a_look_up()
    {
        var ring = KeyRing.Generate();
        var text = ApiKey.Create("live", ring).Text;
        Assert.True(ApiKey.TryVerify(text, ring, out var key));
        Assert.Equal(text, key!.Text);
        Assert.Equal(ApiKey.TextLength, text.Length);

        for (var at = 0; at < text.Length; at++)
        {
            foreach (var letter in "a2_zA\u00e9")
            {
                if (text[at] != letter)
                {
                    var changed = string.Concat(text.AsSpan(0, at), letter.ToString(), text.AsSpan(at + 1));
                    Assert.False(ApiKey.TryVerify(changed, ring, out _), $"position {at}, '{letter}'");
                }
            }
        }

        Assert.False(ApiKey.TryVerify(text, KeyRing.Generate(), out _), "another installation's key");
        Assert.False(ApiKey.TryVerify(text.AsSpan(0, text.Length - 1), ring, out _), "cut off");
        Assert.False(ApiKey.TryVerify(text + "a", ring, out _), "too long");
        Assert.False(ApiKey.TryVerify("", ring, out _), "empty");
    }
}
