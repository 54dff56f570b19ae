using Gateway.Mail.Addresses;

namespace Gateway.Mail.Tests.Addresses;

public sealed class MailboxTests
{
    [Theory]
    [InlineData("a@b.example", null)]
    [InlineData("<a@b.example>", null)]
    [InlineData("Mary Smith <a@b.example>", "Mary Smith")]
    [InlineData("Dr. No <a@b.example>", "Dr. No")]
    [InlineData("\"Smith, Mary\" <a@b.example>", "Smith, Mary")]
    [InlineData("\"\\\"Q\\\\\" <a@b.example>", "\"Q\\")]
    [InlineData("=?utf-8?q?Gr=C3=B6=C3=9Fe?= <a@b.example>", "Größe")]
    [InlineData("=?utf-8?b?R3LDtg==?= =?iso-8859-1?q?=DFe?= <a@b.example>", "Größe")]
    [InlineData("Größe 😀 <a@b.example>", "Größe 😀")]
    [InlineData("Mary (work) <a@b.example> (main)", "Mary")]
    [InlineData("a@b.example (Mary)", null)]
    [InlineData("\"=?utf-8?q?x?=\" <a@b.example>", "=?utf-8?q?x?=")]
    [InlineData("=?unknown-1?q?x?= <a@b.example>", "=?unknown-1?q?x?=")]
    [InlineData("=?utf-7?q?+ADw-?= <a@b.example>", "=?utf-7?q?+ADw-?=")]
    [InlineData("=?utf-8?q?Smith,_Mary:_<x>?= <a@b.example>", "Smith, Mary: <x>")]
    [InlineData("\"CEO@bank.example\" <a@b.example>", "CEO@bank.example")]
    [InlineData("a@b.example <a@b.example>", "a@b.example")]
    public void One_mailbox_is_read_with_its_name(string text, string? name)
    {
        Assert.True(Mailbox.TryParse(text, out var mailbox, out var error), $"{error}");
        Assert.Equal(name, mailbox.Name);
        Assert.Equal("a@b.example", mailbox.Address.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("Mary")]
    [InlineData("a@b.example, c@d.example")]
    [InlineData("a@b.example c@d.example")]
    [InlineData("<a@b.example> <c@d.example>")]
    [InlineData("<a@b.example> c@d.example")]
    [InlineData("Mary <a@b.example")]
    [InlineData("Mary <<a@b.example>>")]
    [InlineData("Mary <>")]
    [InlineData("\"Mary <a@b.example>")]
    [InlineData("Mary (work <a@b.example>")]
    [InlineData("Friends: a@b.example;")]
    [InlineData("Friends:;")]
    [InlineData("a@b.example;")]
    [InlineData("Mary <a@b.example>\r\nBcc: x@y.example")]
    [InlineData("=?utf-8?q?a=0D=0ABcc:_x=40y.example?= <a@b.example>")]
    [InlineData("=?utf-8?q?=00?= <a@b.example>")]
    [InlineData("CEO@bank.example <a@b.example>")]
    [InlineData("[x] <a@b.example>")]
    [InlineData("x) <a@b.example>")]
    [InlineData(". <a@b.example>")]
    [InlineData("<a b@c.example>")]
    [InlineData("<a@b.example(x)c.example>")]
    [InlineData("\"a\"@b.example(x)evil.example")]
    public void What_is_not_one_mailbox_is_refused_with_a_reason(string text)
    {
        Assert.False(Mailbox.TryParse(text, out var mailbox, out var error));
        Assert.Null(mailbox);
        Assert.NotEmpty(error.Code);
        Assert.NotEmpty(error.Message);
    }

    [Fact]
    public void Half_of_a_surrogate_pair_beside_an_encoded_word_is_refused()
    {
        Assert.False(Mailbox.TryParse("=?utf-8?q?a?= \uD800 <a@b.example>", out _, out var error));
        Assert.Equal("not_unicode", error.Code);
    }

    [Fact]
    public void A_source_route_is_accepted_and_ignored()
    {
        Assert.True(
            Mailbox.TryParse("<@relay.example,@other.example:a@b.example>", out var mailbox, out _) is var read
        );
        if (read)
            Assert.Equal("a@b.example", mailbox!.Address.ToString());
        Assert.True(Mailbox.TryParse("<@relay.example:a@b.example>", out mailbox, out _));
        Assert.Equal("a@b.example", mailbox.Address.ToString());
    }

    [Fact]
    public void An_empty_name_is_no_name()
    {
        Assert.True(EmailAddress.TryParse("a@b.example", out var address, out _));
        Assert.Null(new Mailbox("", address).Name);
        Assert.Throws<ArgumentException>(() => new Mailbox("a\nb", address));
        Assert.Throws<ArgumentException>(() => new Mailbox(new string('x', 5_000), address));
    }
}
