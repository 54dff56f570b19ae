using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Gateway.Mail.Dkim;

/// <summary>
/// One RSA private key for any number of threads. The platform's documentation promises thread safety for no instance
/// member of <see cref="RSA"/>, so each signature rents an instance of its own; idle instances are kept because the
/// first operation of an instance is several times dearer than the next (blinding and Montgomery set-up).
/// </summary>
internal sealed class RsaSigner : IDisposable
{
    private readonly RSAParameters key;
    private readonly ConcurrentBag<RSA> idle = [];
    private volatile bool disposed;

    public RsaSigner(RSAParameters key)
    {
        this.key = key;
        idle.Add(RSA.Create(key));
    }

    public byte[] SignHash(byte[] hash)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        if (!idle.TryTake(out var rsa))
        {
            rsa = RSA.Create(key);
        }

        var signature = rsa.SignHash(hash, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        idle.Add(rsa);
        if (disposed)
        {
            Drain();
        }

        return signature;
    }

    public byte[] ExportPkcs8()
    {
        using var rsa = RSA.Create(key);
        return rsa.ExportPkcs8PrivateKey();
    }

    public byte[] ExportPublic()
    {
        using var rsa = RSA.Create(key);
        return rsa.ExportSubjectPublicKeyInfo();
    }

    public void Dispose()
    {
        disposed = true;
        Drain();
        foreach (var secret in new[] { key.D, key.P, key.Q, key.DP, key.DQ, key.InverseQ })
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    private void Drain()
    {
        while (idle.TryTake(out var rsa))
        {
            rsa.Dispose();
        }
    }
}
