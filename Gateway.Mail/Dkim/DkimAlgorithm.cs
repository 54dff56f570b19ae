namespace Gateway.Mail.Dkim;

/// <summary>The algorithms we sign with. rsa-sha1 is known to the verifier only, and refused there (RFC 8301 §3.1).</summary>
public enum DkimAlgorithm
{
    /// <summary>RSASSA-PKCS1-v1_5 over SHA-256 (RFC 6376 §3.3.2), keys of 2048 to 4096 bits.</summary>
    RsaSha256,

    /// <summary>PureEdDSA over the SHA-256 of the data (RFC 8463 §3).</summary>
    Ed25519Sha256,
}

internal static class DkimAlgorithmNames
{
    /// <summary>The text of the a= tag.</summary>
    public static string TagValue(this DkimAlgorithm algorithm) =>
        algorithm == DkimAlgorithm.Ed25519Sha256 ? "ed25519-sha256" : "rsa-sha256";
}
