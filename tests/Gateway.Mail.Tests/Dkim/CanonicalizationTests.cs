using System.Buffers;
using Gateway.Mail.Dkim;

namespace Gateway.Mail.Tests.Dkim;

public sealed class CanonicalizationTests
{
    [Theory]
    [InlineData("simple", Canonicalization.Simple)]
    [InlineData("relaxed", Canonicalization.Relaxed)]
    public void Published_cases_come_out_byte_for_byte(string name, Canonicalization mode)
    {
        var folder = Corpora.Path("dkim-canon");
        var inputs = Directory.GetFiles(folder, "email.*");
        Assert.NotEmpty(inputs);
        foreach (var input in inputs)
        {
            var message = File.ReadAllBytes(input);
            var expected = File.ReadAllBytes(Path.Combine(folder, $"{name}.expected{Path.GetExtension(input)}"));
            Assert.True(expected.AsSpan().SequenceEqual(Canonical(message, mode, message.Length + 1)), input);
            Assert.True(expected.AsSpan().SequenceEqual(Canonical(message, mode, 1)), input + " octet by octet");
        }
    }

    /// <summary>RFC 6376 §3.4.5, examples 1 to 3, and the corners that chunk borders can hit.</summary>
    [Theory]
    [InlineData(" C \r\nD \t E\r\n\r\n\r\n", Canonicalization.Relaxed, " C\r\nD E\r\n")]
    [InlineData(" C \r\nD \t E\r\n\r\n\r\n", Canonicalization.Simple, " C \r\nD \t E\r\n")]
    [InlineData("", Canonicalization.Simple, "\r\n")]
    [InlineData("", Canonicalization.Relaxed, "")]
    [InlineData("\r\n\r\n", Canonicalization.Simple, "\r\n")]
    [InlineData(" \t\r\n \r\n", Canonicalization.Relaxed, "")]
    [InlineData(" \t", Canonicalization.Relaxed, "")]
    [InlineData(" \t", Canonicalization.Simple, " \t\r\n")]
    [InlineData("a", Canonicalization.Simple, "a\r\n")]
    [InlineData("a", Canonicalization.Relaxed, "a\r\n")]
    [InlineData("a\rb\r\r\nc\r", Canonicalization.Simple, "a\rb\r\r\nc\r\r\n")]
    [InlineData("a \r b\r\r\nc\r", Canonicalization.Relaxed, "a \r b\r\r\nc\r\r\n")]
    [InlineData("a\nb\n\n", Canonicalization.Relaxed, "a\r\nb\r\n")]
    [InlineData("a\n\r\nb", Canonicalization.Simple, "a\r\n\r\nb\r\n")]
    [InlineData("a\t\tb\t\r\n\t\r\nc", Canonicalization.Relaxed, "a b\r\n\r\nc\r\n")]
    public void A_body_has_one_canonical_form_at_any_chunk_size(string body, Canonicalization mode, string expected)
    {
        for (var size = 1; size <= body.Length + 1; size++)
        {
            Assert.Equal(
                expected,
                System.Text.Encoding.ASCII.GetString(Body(System.Text.Encoding.ASCII.GetBytes(body), mode, size))
            );
        }
    }

    [Theory]
    [InlineData("A: X", Canonicalization.Relaxed, "a:X")]
    [InlineData("B : Y\t\r\n\tZ  ", Canonicalization.Relaxed, "b:Y Z")]
    [InlineData("B : Y\t\r\n\tZ  ", Canonicalization.Simple, "B : Y\t\r\n\tZ  ")]
    [InlineData("SubJect:\r\n  \r\n x\n y", Canonicalization.Relaxed, "subject:x y")]
    [InlineData("SubJect:\r\n  \r\n x\n y", Canonicalization.Simple, "SubJect:\r\n  \r\n x\r\n y")]
    [InlineData("B\r\n \r\n\t: Y", Canonicalization.Relaxed, "b:Y")]
    [InlineData("B\r: Y\r", Canonicalization.Relaxed, "b\r:Y\r")]
    [InlineData("no colon  here", Canonicalization.Relaxed, "no colon here")]
    [InlineData("X:", Canonicalization.Relaxed, "x:")]
    public void A_header_field_has_one_canonical_form(string field, Canonicalization mode, string expected)
    {
        using var output = new PooledBytes(4);
        HeaderCanonicalizer.Write(mode, System.Text.Encoding.ASCII.GetBytes(field), output);
        Assert.Equal(expected, System.Text.Encoding.ASCII.GetString(output.Written));
    }

    [Fact]
    public void Random_bodies_hash_alike_at_any_chunking()
    {
        var random = new Random(20260801);
        for (var round = 0; round < 2000; round++)
        {
            var body = random.GetItems("ab \t\r\n\r\n"u8.ToArray(), random.Next(60));
            var mode = (Canonicalization)random.Next(2);
            long? limit = random.Next(3) == 0 ? random.Next(50) : null;
            using var whole = new DkimBodyHasher(mode, limit);
            whole.Append(body);
            using var pieces = new DkimBodyHasher(mode, limit);
            for (var at = 0; at < body.Length; )
            {
                var some = Math.Min(random.Next(1, 9), body.Length - at);
                pieces.Append(body.AsSpan(at, some));
                at += some;
            }

            Assert.Equal(whole.Finish(), pieces.Finish());
            Assert.Equal(whole.CanonicalLength, pieces.CanonicalLength);
        }
    }

    [Fact]
    public void A_limit_hashes_that_many_canonical_octets()
    {
        var body = new byte[5000];
        Array.Fill(body, (byte)'x');
        using var hasher = new DkimBodyHasher(Canonicalization.Simple, 3000);
        hasher.Append(body);
        Assert.Equal(System.Security.Cryptography.SHA256.HashData(body.AsSpan(0, 3000)), hasher.Finish());
        Assert.Equal(5002, hasher.CanonicalLength);
    }

    private static byte[] Canonical(byte[] message, Canonicalization mode, int chunk)
    {
        var section = HeaderSection.Split(new ReadOnlySequence<byte>(message));
        using var header = new PooledBytes(64);
        foreach (var field in section.Fields)
        {
            HeaderCanonicalizer.Write(mode, field.In(section.Bytes.Span), header);
            header.Append("\r\n"u8);
        }

        return [.. header.Written, .. "\r\n"u8, .. Body(section.Body.ToArray(), mode, chunk)];
    }

    private static byte[] Body(byte[] body, Canonicalization mode, int chunk)
    {
        var output = new List<byte>();
        var canonicalizer = new BodyCanonicalizer(mode, bytes => output.AddRange(bytes));
        foreach (var piece in body.Chunk(chunk))
        {
            canonicalizer.Append(piece);
        }

        canonicalizer.Finish();
        return [.. output];
    }
}
