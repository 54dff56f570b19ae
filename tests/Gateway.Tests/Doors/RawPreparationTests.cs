using System.Text;
using Gateway.Ledger;
using Gateway.Submissions;

namespace Gateway.Tests.Doors;

/// <summary>What a composed message loses and gains before it is handed over.</summary>
public sealed class RawPreparationTests
{
    private const string Complete =
        "From: a@tenant.example\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\nMessage-ID: <x@y.example>\r\n";
    private static readonly Guid Id = LedgerId.NewMessage(new DateTimeOffset(2026, 11, 21, 10, 0, 0, TimeSpan.Zero));

    [Theory]
    [InlineData("", "\r\nhello\r\n")]
    [InlineData("", "\r\nno line end")]
    [InlineData("", "\r\n")]
    [InlineData("", "")]
    [InlineData("Subject: caf\u00e9\r\nX-Odd:   folded\r\n\t  here  \r\n", "\r\n.\r\n..\r\nFrom here\r\n")]
    public void A_complete_message_keeps_every_byte(string fields, string body)
    {
        var message = Encoding.UTF8.GetBytes(Complete + fields + body);
        Assert.Equal(message, RawMessage.Prepare(message, Id).ToArray());
    }

    [Fact]
    public void What_only_transports_write_is_taken_out()
    {
        var given =
            "Return-Path: <a@b.example>\r\nReceived: from x\r\n by y\r\nbcc: hidden@example.net\r\nDKIM-Signature: v=1;\r\n b=x\r\n"
            + Complete
            + "X-Gateway-Tenant: 7\r\nAuthentication-Results: all is well\r\nReceived: again\r\n\r\nBcc: this is text\r\n";
        var prepared = RawMessage.Prepare(Encoding.ASCII.GetBytes(given), Id);
        Assert.Equal(Complete + "\r\nBcc: this is text\r\n", Encoding.ASCII.GetString(prepared.Span));
    }

    [Theory]
    [InlineData("From someone Sat Nov 21 10:00:00 2026\r\n")]
    [InlineData("   \r\n")]
    [InlineData("\tFrom: ceo@bank.example\r\n")]
    public void What_stands_before_the_first_field_stays_behind(string before)
    {
        var prepared = RawMessage.Prepare(Encoding.ASCII.GetBytes(before + Complete + "\r\nhi\r\n"), Id);
        Assert.Equal(Complete + "\r\nhi\r\n", Encoding.ASCII.GetString(prepared.Span));
    }

    [Fact]
    public void Date_and_message_id_are_the_same_however_often_it_is_prepared()
    {
        var message = "From: A <a@tenant.example>\r\n\r\nhi\r\n"u8.ToArray();
        var once = Encoding.ASCII.GetString(RawMessage.Prepare(message, Id).Span);
        Assert.Equal(once, Encoding.ASCII.GetString(RawMessage.Prepare(message, Id).Span));
        Assert.Contains("Date: Sat, 21 Nov 2026 10:00:00 +0000\r\n", once, StringComparison.Ordinal);
        Assert.Contains($"Message-ID: <{Id:N}@tenant.example>\r\n", once, StringComparison.Ordinal);
        Assert.EndsWith("From: A <a@tenant.example>\r\n\r\nhi\r\n", once, StringComparison.Ordinal);
    }

    [Fact]
    public void To_is_read_only_where_the_envelope_is_not_given()
    {
        var message = "From: a@tenant.example\r\nTo: nobody in particular\r\n\r\nhi\r\n"u8.ToArray();
        Assert.NotNull(RawMessage.Read(message, envelopeApart: true).Message);
        Assert.Equal("To", RawMessage.Read(message, envelopeApart: false).Errors[0].Field);
    }
}
