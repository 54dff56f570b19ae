using System.Buffers;
using System.Text;
using Gateway.Mail.Dkim;

namespace Gateway.Mail.Tests.Dkim;

public sealed class SignerTests
{
    [Theory]
    [InlineData(Canonicalization.Simple, Canonicalization.Simple)]
    [InlineData(Canonicalization.Simple, Canonicalization.Relaxed)]
    [InlineData(Canonicalization.Relaxed, Canonicalization.Simple)]
    [InlineData(Canonicalization.Relaxed, Canonicalization.Relaxed)]
    public async Task Two_keys_sign_one_message(Canonicalization header, Canonicalization body)
    {
        var fields = DkimSigner.Sign(
            SampleMail.Bytes,
            [SampleMail.Ed25519() with { Header = header }, SampleMail.Rsa() with { Body = body }]
        );
        var verdicts = await SampleMail.VerifyAsync([.. fields, .. SampleMail.Bytes]);
        Assert.Equal(["ed25519-sha256", "rsa-sha256"], verdicts.Select(verdict => verdict.Algorithm));
        Assert.All(verdicts, verdict => Assert.True(verdict.CoversFromAndBody));
    }

    [Fact]
    public void The_field_has_the_tags_we_promise_and_never_l()
    {
        var text = Unfolded(DkimSigner.Sign(SampleMail.Bytes, [SampleMail.Rsa()]));
        Assert.StartsWith(
            "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com; s=rsa; t=1700000000; x=1700604800; h=",
            text,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain(" l=", text, StringComparison.Ordinal);
        var names = text[(text.IndexOf("h=", StringComparison.Ordinal) + 2)..]
            .Split(';')[0]
            .Replace(" ", "", StringComparison.Ordinal);
        Assert.Equal(
            "From:From:To:To:Cc:Subject:Subject:Date:Date:Reply-To:Message-ID:Message-ID:MIME-Version:MIME-Version:"
                + "Content-Type:Content-Type:Content-Transfer-Encoding:List-Unsubscribe:List-Unsubscribe:List-Unsubscribe-Post:List-Unsubscribe-Post",
            names
        );
    }

    [Fact]
    public void Lines_stay_within_78_characters()
    {
        var random = new Random(7);
        for (var round = 0; round < 200; round++)
        {
            var options = SampleMail.Ed25519() with
            {
                Selector = new string('s', random.Next(1, 50)),
                Domain = new string('d', random.Next(1, 50)) + ".example",
            };
            var field = Encoding.ASCII.GetString(DkimSigner.Sign(SampleMail.Bytes, [options]));
            Assert.EndsWith("\r\n", field, StringComparison.Ordinal);
            Assert.All(field[..^2].Split("\r\n"), line => Assert.InRange(line.Length, 2, 78));
        }
    }

    [Fact]
    public void Headers_that_are_there_are_signed_as_often_as_they_occur()
    {
        byte[] mail = [.. "References: <a@b>\r\nreferences: <c@d>\r\nSender: x@example.com\r\n"u8, .. SampleMail.Bytes];
        var text = Unfolded(DkimSigner.Sign(mail, [SampleMail.Ed25519()])).Replace(" ", "", StringComparison.Ordinal);
        Assert.Contains("List-Unsubscribe-Post:Sender:References:References;", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Segments_of_any_size_give_the_same_signature()
    {
        var whole = DkimSigner.Sign(SampleMail.Bytes, [SampleMail.Rsa(), SampleMail.Ed25519(Canonicalization.Simple)]);
        for (var size = 1; size < 40; size++)
        {
            var message = Pieces.Of(SampleMail.Bytes, size);
            Assert.Equal(
                whole,
                DkimSigner.Sign(message, [SampleMail.Rsa(), SampleMail.Ed25519(Canonicalization.Simple)])
            );
        }
    }

    [Fact]
    public void A_body_hashed_while_streaming_gives_the_same_signature()
    {
        var end = SampleMail.Text.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 2;
        using var hasher = new DkimBodyHasher(Canonicalization.Relaxed);
        hasher.Append(SampleMail.Bytes.AsSpan(end + 2));
        var hash = hasher.Finish();
        var streamed = DkimSigner.SignHeaders(SampleMail.Bytes.AsMemory(0, end), _ => hash, [SampleMail.Rsa()]);
        Assert.Equal(DkimSigner.Sign(SampleMail.Bytes, [SampleMail.Rsa()]), streamed);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\r\n")]
    [InlineData("\r\nbody only")]
    [InlineData("no colon at all")]
    [InlineData("From: a@b")]
    [InlineData("From: a@b\r\n\r\n")]
    [InlineData("From: a@b\nSubject: x\n\nlines\nwithout CR\n")]
    public async Task Odd_messages_can_be_signed_too(string message)
    {
        var bytes = Encoding.ASCII.GetBytes(message);
        var verdicts = await SampleMail.VerifyAsync([.. DkimSigner.Sign(bytes, [SampleMail.Rsa()]), .. bytes]);
        Assert.Equal(DkimStatus.Pass, Assert.Single(verdicts).Status);
    }

    /// <summary>Its first line would continue our field; no such message passes the doors.</summary>
    [Fact]
    public void A_message_that_starts_with_white_space_is_caught_by_the_self_check()
    {
        byte[] bytes = [.. " x: y\r\n"u8, .. SampleMail.Bytes];
        var message = new ReadOnlySequence<byte>(bytes);
        var fields = DkimSigner.Sign(message, [SampleMail.Rsa()]);
        var verdict = Assert.Single(DkimSelfCheck.Check(fields, message, [TestKeys.Rsa.PublicRecord], SampleMail.Now));
        Assert.False(verdict.CoversFromAndBody);
    }

    [Fact]
    public void U_labels_are_signed_as_A_labels()
    {
        var options = SampleMail.Ed25519() with { Domain = "Bücher.example" };
        Assert.Contains(
            "d=xn--bcher-kva.example;",
            Unfolded(DkimSigner.Sign(SampleMail.Bytes, [options])),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Options_that_would_make_a_bad_field_are_refused()
    {
        var good = SampleMail.Ed25519();
        DkimSigningOptions[] bad =
        [
            good with
            {
                Domain = "example",
            },
            good with
            {
                Domain = "exa\r\nmple.com",
            },
            good with
            {
                Selector = "a;b",
            },
            good with
            {
                Lifetime = TimeSpan.Zero,
            },
            good with
            {
                Oversigned = ["To"],
            },
            good with
            {
                Oversigned = ["From", "X:Y"],
            },
            good with
            {
                Oversigned = ["From", "X;b=Y"],
            },
        ];
        Assert.All(
            bad,
            options => Assert.ThrowsAny<ArgumentException>(() => DkimSigner.Sign(SampleMail.Bytes, [options]))
        );
    }

    [Fact]
    public async Task Many_threads_share_one_key()
    {
        var expected = DkimSigner.Sign(SampleMail.Bytes, [SampleMail.Rsa()]);
        var made = await Task.WhenAll(
            Enumerable.Range(0, 64).Select(_ => Task.Run(() => DkimSigner.Sign(SampleMail.Bytes, [SampleMail.Rsa()])))
        );
        Assert.All(made, field => Assert.Equal(expected, field));
    }

    private static string Unfolded(byte[] field) =>
        Encoding.ASCII.GetString(field).Replace("\r\n ", " ", StringComparison.Ordinal);
}
