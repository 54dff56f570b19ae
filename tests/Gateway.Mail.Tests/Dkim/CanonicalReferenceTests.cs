using System.Text;
using Gateway.Mail.Dkim;

namespace Gateway.Mail.Tests.Dkim;

/// <summary>The fast canonicaliser against the plainest one that can be written from RFC 6376 §3.4.3 and §3.4.4.</summary>
public sealed class CanonicalReferenceTests
{
    /// <summary>Mostly letters, so that there are long canonical stretches with a rare break anywhere in a vector.</summary>
    private static readonly string[] Rare =
    [
        " ",
        "  ",
        "\t",
        "\r\n",
        "\r\n\r\n",
        "\n",
        "\r",
        " \r\n",
        "\r\n ",
        "\u0001",
        "\0 ",
        "ü",
    ];

    [Theory]
    [InlineData(Canonicalization.Simple)]
    [InlineData(Canonicalization.Relaxed)]
    public void Long_random_bodies_come_out_as_the_reference_says(Canonicalization mode)
    {
        var random = new Random(20260804);
        for (var round = 0; round < 4000; round++)
        {
            var body = new StringBuilder();
            for (var pieces = random.Next(12); pieces > 0; pieces--)
            {
                body.Append('x', random.Next(70)).Append(Rare[random.Next(Rare.Length)]);
            }

            var bytes = Encoding.UTF8.GetBytes(body.ToString());
            var expected = Encoding.UTF8.GetBytes(ReferenceBody.Of(body.ToString(), mode));
            Assert.True(expected.AsSpan().SequenceEqual(Canonical(bytes, mode, random)), Convert.ToHexString(bytes));
        }
    }

    private static byte[] Canonical(byte[] body, Canonicalization mode, Random random)
    {
        var output = new List<byte>();
        var canonicalizer = new BodyCanonicalizer(mode, bytes => output.AddRange(bytes));
        for (var at = 0; at < body.Length; )
        {
            var some = Math.Min(random.Next(3) == 0 ? 1 : random.Next(1, 400), body.Length - at);
            canonicalizer.Append(body.AsSpan(at, some));
            at += some;
        }

        canonicalizer.Finish();
        return [.. output];
    }
}
