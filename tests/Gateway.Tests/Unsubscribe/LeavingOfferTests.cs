using System.Text;
using Gateway.Mail.Messages;
using Gateway.ReturnMail;
using Gateway.Tests.Cluster;
using Gateway.Worker.Preparing;

namespace Gateway.Tests.Unsubscribe;

public sealed class LeavingOfferTests
{
    private static readonly UnsubscribeLinks Links = new(TestKeys.Ring);
    private static readonly ReturnAddresses Addresses = new(TestKeys.Ring, "bounces.example");
    private static readonly UnsubscribeTarget Target = new(
        Guid.NewGuid(),
        Guid.NewGuid(),
        "broadcast",
        "ann@example.net"
    );

    [Fact]
    public void The_link_and_the_address_name_the_delivery_and_its_recipient()
    {
        var mail = LeavingOffer.AddTo("From: a@example.com\r\n\r\nx"u8.ToArray(), Offer().For(Target, "broadcast"));
        var headers = MimeMessage.Parse(mail).Headers;
        var value = headers.First("List-Unsubscribe")!.Value.Value;
        var parts = value.Split(", ", StringSplitOptions.TrimEntries);
        Assert.StartsWith("<https://mail.example/u/", parts[0], StringComparison.Ordinal);
        Assert.Equal(Target, Links.Read(parts[0]["<https://mail.example/u/".Length..^1]));
        Assert.StartsWith("<mailto:unsubscribe+", parts[1], StringComparison.Ordinal);
        var address = parts[1]["<mailto:".Length..parts[1].IndexOf('?', StringComparison.Ordinal)];
        var at = address.IndexOf('@', StringComparison.Ordinal);
        Assert.Equal(64, at);
        Assert.Equal(
            new ReturnTarget(ReturnKind.Unsubscribe, Target.DeliveryId, 0),
            Addresses.Read(address.AsSpan(0, at), address.AsSpan(at + 1))
        );
        Assert.Equal("List-Unsubscribe=One-Click", headers.First("List-Unsubscribe-Post")!.Value.Value);
        Assert.EndsWith("From: a@example.com\r\n\r\nx", Encoding.ASCII.GetString(mail.Span), StringComparison.Ordinal);
        Assert.All(Encoding.ASCII.GetString(mail.Span).Split("\r\n"), line => Assert.InRange(line.Length, 0, 998));
    }

    [Theory]
    [InlineData("broadcast", "broadcast", true)]
    [InlineData("broadcast", "transactional", false)]
    [InlineData("all", "transactional", true)]
    [InlineData("none", "broadcast", false)]
    public void The_tenant_says_on_which_streams(string wanted, string stream, bool isOffered) =>
        Assert.Equal(isOffered, Offer().For(Target with { Stream = stream }, wanted).Length > 0);

    [Theory]
    [InlineData("List-Unsubscribe: <https://own.example/x>\r\n")]
    [InlineData("list-unsubscribe: <mailto:leave@own.example>\r\n")]
    [InlineData("LIST-UNSUBSCRIBE-POST: List-Unsubscribe=One-Click\r\n")]
    public void Who_brings_an_own_field_keeps_it_alone(string own)
    {
        byte[] mail = Encoding.ASCII.GetBytes(own + "From: a@example.com\r\n\r\nx");
        Assert.Equal(mail, LeavingOffer.AddTo(mail, Offer().For(Target, "broadcast")).ToArray());
    }

    [Fact]
    public void A_field_that_stands_only_in_the_body_is_none()
    {
        var mail = "From: a@example.com\r\n\r\nList-Unsubscribe: <https://x.example>\r\n"u8.ToArray();
        Assert.NotEqual(mail, LeavingOffer.AddTo(mail, Offer().For(Target, "broadcast")).ToArray());
    }

    [Fact]
    public void Without_a_public_address_there_is_no_one_click_and_without_both_nothing()
    {
        var mailOnly = Encoding.ASCII.GetString(
            new LeavingOffer(new ReturnMailOptions(), Links, Addresses).For(Target, "broadcast")
        );
        Assert.StartsWith("List-Unsubscribe: <mailto:", mailOnly, StringComparison.Ordinal);
        Assert.DoesNotContain("Post", mailOnly, StringComparison.Ordinal);
        Assert.Empty(new LeavingOffer(new ReturnMailOptions(), Links).For(Target, "broadcast"));
        var linkOnly = Encoding.ASCII.GetString(
            new LeavingOffer(new ReturnMailOptions { PublicUrl = new Uri("https://m.example/x/") }, Links).For(
                Target,
                "broadcast"
            )
        );
        Assert.StartsWith("List-Unsubscribe: <https://m.example/x/u/", linkOnly, StringComparison.Ordinal);
        Assert.Contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", linkOnly, StringComparison.Ordinal);
    }

    [Fact]
    public void Prepared_twice_it_is_the_same() =>
        Assert.Equal(Offer().For(Target, "broadcast"), Offer().For(Target, "broadcast"));

    [Theory]
    [InlineData("ann@example.net")]
    [InlineData("o'hara+a/b=c@example.net")]
    [InlineData("élise@xn--bcher-kva.example")]
    [InlineData("\"a b\"@example.net")]
    public void Any_recipient_comes_back_out_of_its_link(string address)
    {
        var target = Target with { Address = address, Stream = "transactional" };
        Assert.Equal(target, Links.Read(Links.Write(target)!));
    }

    [Fact]
    public void A_recipient_that_is_too_long_has_no_link() =>
        Assert.Null(Links.Write(Target with { Address = new string('a', 600) }));

    private static LeavingOffer Offer() =>
        new(new ReturnMailOptions { PublicUrl = new Uri("https://mail.example/") }, Links, Addresses);
}
