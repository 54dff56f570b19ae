using System.Text;
using Gateway.Mail.Addresses;
using Gateway.Mail.Bounces;

namespace Gateway.Mail.Tests.Bounces;

/// <summary>Addresses that only we can make, and that survive the way back.</summary>
public sealed class BounceVerpTests
{
    private static readonly Guid Delivery = Guid.Parse("0198c0de-1234-7abc-8def-00112233aabb");
    private static readonly VerpAddresses Verp = new(epoch =>
        epoch < 3 ? Encoding.ASCII.GetBytes($"key {epoch} 0123456789abcdef") : null
    );

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 2)]
    [InlineData(65535, 1)]
    public void What_we_made_verifies(int attempt, byte epoch)
    {
        var id = new VerpId(Delivery, (ushort)attempt, epoch);
        Assert.True(Verp.TryVerify(Verp.Create(id), out var read));
        Assert.Equal(id, read);
    }

    [Fact]
    public void The_local_part_fits_and_needs_no_quoting()
    {
        var local = Verp.Create(new VerpId(Delivery, 1, 0));
        Assert.Equal(VerpAddresses.Length, local.Length);
        // RFC 5321 §4.5.3.1.1
        Assert.True(local.Length <= 64);
        Assert.True(EmailAddress.TryParse(local + "@bounce.example.com", out var address, out _));
        Assert.Equal(local + "@bounce.example.com", address.ToString());
    }

    [Fact]
    public void Case_does_not_matter()
    {
        var local = Verp.Create(new VerpId(Delivery, 7, 1));
        Assert.True(Verp.TryVerify(local.ToUpperInvariant(), out var read));
        Assert.Equal(Delivery, read.Delivery);
    }

    [Theory]
    [InlineData("prvs=1234abcdef=")]
    [InlineData("SRS0=hash=TT=bounce.example.com=")]
    public void A_forwarders_wrapping_is_seen_through(string wrapping) =>
        Assert.True(Verp.TryVerify(wrapping + Verp.Create(new VerpId(Delivery, 7, 1)), out _));

    [Fact]
    public void One_changed_character_anywhere_is_refused()
    {
        var local = Verp.Create(new VerpId(Delivery, 7, 1));
        for (var i = 0; i < local.Length; i++)
        {
            var changed = local.ToCharArray();
            changed[i] = changed[i] == 'q' ? 'r' : 'q';
            Assert.False(Verp.TryVerify(changed, out _), new string(changed));
        }
    }

    [Fact]
    public void Another_key_or_a_forgotten_epoch_is_refused()
    {
        var local = Verp.Create(new VerpId(Delivery, 7, 1));
        Assert.False(new VerpAddresses(_ => new byte[32]).TryVerify(local, out _));
        Assert.False(new VerpAddresses(_ => null).TryVerify(local, out _));
        Assert.Throws<ArgumentException>(() => Verp.Create(new VerpId(Delivery, 7, 9)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("b-")]
    [InlineData("postmaster")]
    [InlineData("b-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [InlineData("b-\u0131aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public void Anything_else_is_refused(string local) => Assert.False(Verp.TryVerify(local, out _));

    [Fact]
    public void Every_delivery_and_attempt_has_its_own()
    {
        var seen = new HashSet<string>();
        for (ushort attempt = 0; attempt < 1_000; attempt++)
        {
            Assert.True(seen.Add(Verp.Create(new VerpId(Delivery, attempt, 0))));
        }
    }
}
