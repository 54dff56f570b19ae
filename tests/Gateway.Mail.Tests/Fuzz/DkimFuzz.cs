using System.Text;
using Gateway.Mail.Dkim;
using Gateway.Mail.Tests.Dkim;

namespace Gateway.Mail.Tests.Fuzz;

/// <summary>Whatever octets arrive, the verifier answers with verdicts and nothing else.</summary>
public sealed class DkimFuzz
{
    private static readonly string[] Pieces =
    [
        "DKIM-Signature:",
        "From:",
        ";",
        "=",
        "==",
        "\r\n ",
        "\r\n",
        "\r",
        "\n",
        "\0",
        "\t",
        "l=0;",
        "l=99999999999999999999;",
        "b=",
        "bh=",
        "h=from:",
        "i=@",
        "d=xn--a.example",
        "d=\u00fc.example",
        "s=\ud83d\ude00",
        "x=1",
        "t=s",
        "a=ed25519-sha256",
        "k=ed25519",
        "MIIB",
        "ÿ",
        "c=simple",
    ];

    private static readonly byte[][] Tokens = Mutation.Tokens(Pieces);

    [Fact]
    [Trait("Fuzz", "dkim-message")]
    public async Task A_mutated_signed_message_yields_only_verdicts()
    {
        var seeds = new[]
        {
            SampleMail.Signed(),
            SampleMail.Signed(Canonicalization.Simple),
            Encoding.Latin1.GetString(DkimSigner.Sign(SampleMail.Bytes, [SampleMail.Ed25519()])) + SampleMail.Text,
        };
        await FuzzRun.Async(async random =>
        {
            var message = Mutate(random, random.GetItems(seeds, 1)[0]);
            var verdicts = await SampleMail.VerifyAsync(message);
            Assert.All(
                verdicts,
                verdict => Assert.True((verdict.Status == DkimStatus.Pass) == (verdict.Reason.Length == 0))
            );
        });
    }

    [Fact]
    [Trait("Fuzz", "dkim-reader")]
    public async Task A_mutated_message_that_passes_shows_a_reader_the_same()
    {
        var signed = SampleMail.Signed();
        var shown = ShownMail.Of(signed);
        var passes = 0;
        await FuzzRun.Async(async random =>
        {
            var message = Mutate(random, signed);
            var verdicts = await SampleMail.VerifyAsync(message);
            if (verdicts.Any(verdict => verdict.CoversFromAndBody))
            {
                passes++;
                Assert.Equal(shown, ShownMail.Of(Encoding.Latin1.GetString(message)));
            }
        });
        Assert.True(passes > 0);
    }

    [Fact]
    [Trait("Fuzz", "dkim-record")]
    public async Task A_mutated_key_record_yields_only_verdicts()
    {
        var message = Encoding.Latin1.GetBytes(SampleMail.Signed());
        string[] seeds =
        [
            TestKeys.Rsa.PublicRecord,
            "v=DKIM1; p=" + TestKeys.BarePkcs1(TestKeys.Rsa),
            "v=DKIM1; p=" + TestKeys.RsaOfBits(1024),
            TestKeys.Ed25519.PublicRecord + "; h=sha256; s=email; t=y:s; n=x",
        ];
        await FuzzRun.Async(async random =>
        {
            var record = Encoding.Latin1.GetString(Mutate(random, random.GetItems(seeds, 1)[0]));
            var verdicts = await DkimVerifier.VerifyAsync(
                message,
                (_, _) => ValueTask.FromResult(DkimKeyLookup.Found(record)),
                SampleMail.Now
            );
            Assert.Single(verdicts);
            DkimSelfCheck.Compare(TestKeys.Ed25519, record, out _);
        });
    }

    [Fact]
    [Trait("Fuzz", "dkim-sign")]
    public async Task Any_octets_can_be_signed_and_then_verify_unless_they_start_with_white_space() =>
        await FuzzRun.Async(async random =>
        {
            var text = string.Concat(random.GetItems(Pieces, random.Next(40)));
            var message = Mutate(random, text);
            var fields = DkimSigner.Sign(message, [SampleMail.Ed25519((Canonicalization)random.Next(2))]);
            var verdicts = await SampleMail.VerifyAsync([.. fields, .. message]);
            var fuses = message.Length > 0 && message[0] is (byte)' ' or (byte)'\t';
            Assert.True(fuses || verdicts[0].Status == DkimStatus.Pass, Convert.ToHexString(message));
        });

    private static byte[] Mutate(Random random, string text) =>
        Mutation.Of(Encoding.UTF8.GetBytes(text), Tokens, random);
}
