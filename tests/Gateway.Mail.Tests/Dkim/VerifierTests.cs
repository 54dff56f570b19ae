using System.Text;
using Gateway.Mail.Dkim;

namespace Gateway.Mail.Tests.Dkim;

public sealed class VerifierTests
{
    [Fact]
    public async Task An_unsigned_message_has_no_verdicts() =>
        Assert.Empty(await SampleMail.VerifyAsync(SampleMail.Bytes));

    [Fact]
    public async Task Each_signature_has_its_own_verdict()
    {
        var first = Encoding.ASCII.GetString(DkimSigner.Sign(SampleMail.Bytes, [SampleMail.Ed25519()]));
        var second = first.Replace("x=1700604800", "x=1700604801", StringComparison.Ordinal);
        var verdicts = await SampleMail.VerifyAsync(
            Encoding.ASCII.GetBytes($"DKIM-Signature: junk\r\n{second}{first}{SampleMail.Text}")
        );
        Assert.Equal([DkimStatus.PermError, DkimStatus.Fail, DkimStatus.Pass], verdicts.Select(v => v.Status));
    }

    [Fact]
    public async Task A_later_signature_may_cover_an_earlier_one()
    {
        var inner = Encoding.ASCII.GetString(DkimSigner.Sign(SampleMail.Bytes, [SampleMail.Rsa()]));
        var outerOptions = SampleMail.Ed25519() with { SignedIfPresent = ["DKIM-Signature"] };
        var relayed = inner + SampleMail.Text;
        var outer = Encoding.ASCII.GetString(DkimSigner.Sign(Encoding.ASCII.GetBytes(relayed), [outerOptions]));
        var verdicts = await SampleMail.VerifyAsync(Encoding.ASCII.GetBytes(outer + relayed));
        Assert.Equal([DkimStatus.Pass, DkimStatus.Pass], verdicts.Select(v => v.Status));
    }

    [Fact]
    public async Task Look_ups_are_bounded_and_never_repeated()
    {
        var asked = 0;
        var message = new StringBuilder();
        for (var i = 0; i < 50; i++)
        {
            message.Append(
                $"DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=s{i / 2}; h=from; bh=AAAA; b=AAAA\r\n"
            );
        }

        var verdicts = await DkimVerifier.VerifyAsync(
            Encoding.ASCII.GetBytes(message + SampleMail.Text),
            (_, _) => ValueTask.FromResult(asked++ == 0 ? DkimKeyLookup.TempError : DkimKeyLookup.None),
            SampleMail.Now
        );
        Assert.Equal(10, verdicts.Count);
        Assert.Equal(5, asked);
        Assert.Equal("TempError TempError PermError", string.Join(' ', verdicts.Take(3).Select(v => v.Status)));
        Assert.Equal("no key for signature", verdicts[^1].Reason);
    }

    [Fact]
    public async Task A_giant_header_is_refused_before_it_is_read()
    {
        var mail = new byte[2_000_000];
        Array.Fill(mail, (byte)'x');
        var verdict = Assert.Single(await SampleMail.VerifyAsync(mail));
        Assert.Equal(DkimStatus.PermError, verdict.Status);
    }

    [Fact]
    public async Task A_giant_signature_and_a_crowd_of_tags_are_refused()
    {
        var longField = "DKIM-Signature: v=1; z=" + new string('a', 20_000) + "\r\n" + SampleMail.Text;
        var manyTags = "DKIM-Signature: " + string.Concat(Enumerable.Range(0, 100).Select(i => $"t{i}=1;")) + "\r\n";
        Assert.Contains("longer", (await SampleMail.VerifyAsync(longField)).Reason, StringComparison.Ordinal);
        Assert.Contains(
            "tags",
            (await SampleMail.VerifyAsync(manyTags + SampleMail.Text)).Reason,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task The_verdict_names_what_was_signed_by_whom()
    {
        var verdict = await SampleMail.VerifyAsync(SampleMail.Signed());
        Assert.Equal(
            ("example.com", "rsa", "rsa-sha256", 2048, false, 0L),
            (
                verdict.Domain,
                verdict.Selector,
                verdict.Algorithm,
                verdict.KeyBits,
                verdict.UsesBodyLength,
                verdict.UncoveredBodyBytes
            )
        );
    }
}
