using System.Buffers;
using System.Security.Cryptography;
using Gateway.Mail.Dkim;

namespace Gateway.Mail.Tests.Dkim;

public sealed class KeyTests
{
    [Fact]
    public void A_record_is_cut_into_strings_of_255_octets()
    {
        Assert.StartsWith("v=DKIM1; k=rsa; p=MIIBIjAN", TestKeys.Rsa.PublicRecord, StringComparison.Ordinal);
        Assert.StartsWith("v=DKIM1; k=ed25519; p=", TestKeys.Ed25519.PublicRecord, StringComparison.Ordinal);
        Assert.Equal([255, 155], TestKeys.Rsa.PublicRecordChunks.Select(chunk => chunk.Length));
        Assert.Equal(TestKeys.Rsa.PublicRecord, string.Concat(TestKeys.Rsa.PublicRecordChunks));
        Assert.Single(TestKeys.Ed25519.PublicRecordChunks);
    }

    [Theory]
    [InlineData(DkimAlgorithm.RsaSha256)]
    [InlineData(DkimAlgorithm.Ed25519Sha256)]
    public void A_key_survives_export_and_import(DkimAlgorithm algorithm)
    {
        using var made = DkimKey.Generate(algorithm);
        using var read = DkimKey.ImportPkcs8(made.ExportPkcs8());
        using var fromPem = DkimKey.ImportPem(
            "; a note\n" + PemEncoding.WriteString("PRIVATE KEY", made.ExportPkcs8())
        );
        Assert.Equal(made.PublicRecord, read.PublicRecord);
        Assert.Equal(made.PublicRecord, fromPem.PublicRecord);
        Assert.Equal((made.Algorithm, made.Bits), (read.Algorithm, read.Bits));
    }

    /// <summary>RFC 8463 appendix A.2: seed and public key.</summary>
    [Fact]
    public void The_Ed25519_key_of_RFC_8463_has_its_public_half()
    {
        var seed = Convert.FromBase64String("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=");
        using var key = DkimKey.ImportPkcs8(Ed25519Key.ToPkcs8(seed));
        Assert.Equal("v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", key.PublicRecord);
    }

    [Fact]
    public void Short_and_giant_RSA_keys_do_not_sign()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => DkimKey.Generate(DkimAlgorithm.RsaSha256, 1024));
        Assert.Throws<ArgumentOutOfRangeException>(() => DkimKey.Generate(DkimAlgorithm.RsaSha256, 8192));
        using var small = RSA.Create(1024);
        var refusal = Assert.Throws<CryptographicException>(() => DkimKey.ImportPem(small.ExportRSAPrivateKeyPem()));
        Assert.Contains("1024", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(DkimAlgorithm.RsaSha256)]
    [InlineData(DkimAlgorithm.Ed25519Sha256)]
    public void A_disposed_key_signs_nothing(DkimAlgorithm algorithm)
    {
        var key = DkimKey.Generate(algorithm);
        key.Dispose();
        Assert.Throws<ObjectDisposedException>(() => key.Sign(new byte[32]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----")]
    [InlineData("-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----")]
    [InlineData("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----")]
    public void What_is_no_private_key_is_refused(string pem) =>
        Assert.ThrowsAny<CryptographicException>(() => DkimKey.ImportPem(pem));

    [Fact]
    public void A_published_record_matches_whatever_its_spelling()
    {
        var spelled = $" p = {TestKeys.P(TestKeys.Rsa).Insert(40, " ")} ; n=ours";
        Assert.Equal(DkimKeyMatch.Matches, DkimSelfCheck.Compare(TestKeys.Rsa, spelled, out _));
        Assert.Equal(
            DkimKeyMatch.Matches,
            DkimSelfCheck.Compare(TestKeys.Ed25519, TestKeys.Ed25519.PublicRecord, out _)
        );
        Assert.Equal(DkimKeyMatch.Differs, DkimSelfCheck.Compare(TestKeys.Rsa, TestKeys.OtherRsa.PublicRecord, out _));
        Assert.Equal(DkimKeyMatch.Differs, DkimSelfCheck.Compare(TestKeys.Rsa, TestKeys.Ed25519.PublicRecord, out _));
        Assert.Equal(DkimKeyMatch.Unusable, DkimSelfCheck.Compare(TestKeys.Rsa, "v=DKIM1; p=", out var reason));
        Assert.Equal("key revoked", reason);
    }

    [Fact]
    public void The_self_check_sees_a_wrong_key_a_wrong_record_and_a_changed_message()
    {
        var message = new ReadOnlySequence<byte>(SampleMail.Bytes);
        var fields = DkimSigner.Sign(message, [SampleMail.Rsa(), SampleMail.Ed25519()]);
        string[] records = [TestKeys.Rsa.PublicRecord, TestKeys.Ed25519.PublicRecord];

        Assert.Equal(["Pass", "Pass"], Check(fields, message, records));
        Assert.Equal(["Fail", "Pass"], Check(fields, message, [TestKeys.OtherRsa.PublicRecord, records[1]]));
        Assert.Equal(["Pass", "Pass", "PermError"], Check(fields, message, [.. records, records[0]]));
        var changed = SampleMail.Bytes;
        changed[^4] ^= 1;
        Assert.Equal(["Fail", "Fail"], Check(fields, new ReadOnlySequence<byte>(changed), records));
        var wrongKey = DkimSigner.Sign(message, [SampleMail.Rsa() with { Key = TestKeys.OtherRsa }]);
        Assert.Equal(["Fail"], Check(wrongKey, message, records[..1]));
    }

    private static string[] Check(byte[] fields, ReadOnlySequence<byte> message, string[] records) =>
        [.. DkimSelfCheck.Check(fields, message, records, SampleMail.Now).Select(verdict => verdict.Status.ToString())];
}
