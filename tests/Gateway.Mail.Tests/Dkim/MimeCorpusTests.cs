using System.Text;
using Gateway.Mail.Dkim;

namespace Gateway.Mail.Tests.Dkim;

/// <summary>A14: whatever message we are given, our signatures on it verify, at any segmentation.</summary>
public sealed class MimeCorpusTests
{
    [Fact]
    public async Task A14_every_message_of_the_MIME_corpus_can_be_signed_and_verified()
    {
        var files = Directory.GetFiles(Corpora.Path("mime"), "*.eml", SearchOption.AllDirectories);
        Assert.NotEmpty(files);
        var random = new Random(20260802);
        foreach (var file in files)
        {
            var message = WithCrLf(File.ReadAllBytes(file));
            var theirs = CountSignatures(message);
            DkimSigningOptions[] all =
            [
                SampleMail.Rsa(Canonicalization.Relaxed),
                SampleMail.Rsa(Canonicalization.Simple),
                SampleMail.Ed25519(Canonicalization.Relaxed),
                SampleMail.Ed25519(Canonicalization.Simple),
            ];
            var fields = DkimSigner.Sign(Pieces.Of(message, () => random.Next(1, 700)), all);
            Assert.Equal(fields, DkimSigner.Sign(message, all));

            var verdicts = await SampleMail.VerifyAsync([.. fields, .. message]);
            Assert.Equal(all.Length + theirs, verdicts.Count);
            Assert.All(
                verdicts.Take(all.Length),
                verdict => Assert.True(verdict.CoversFromAndBody, $"{file}: {verdict}")
            );
        }
    }

    /// <summary>What the door does: the wire has no other line end than CRLF.</summary>
    internal static byte[] WithCrLf(byte[] message) =>
        Encoding.Latin1.GetBytes(
            Encoding.Latin1.GetString(message).ReplaceLineEndings("\n").Replace("\n", "\r\n", StringComparison.Ordinal)
        );

    private static int CountSignatures(byte[] message)
    {
        var section = HeaderSection.Split(new System.Buffers.ReadOnlySequence<byte>(message));
        return DkimVerifier.SignatureIndices(section, 6).Count();
    }
}
