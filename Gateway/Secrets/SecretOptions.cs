using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Secrets;

/// <summary>Where the master key and the key ring are; section <c>Gateway</c>.</summary>
public sealed class SecretOptions
{
    /// <summary>32 bytes in base64; or <see cref="MasterKeyFile"/>.</summary>
    public string? MasterKey { get; set; }

    public string? MasterKeyFile { get; set; }

    public string? KeyRingFile { get; set; }

    /// <summary>The master key, or a start that is refused with the knob's name.</summary>
    public MasterKey LoadMasterKey()
    {
        if (!string.IsNullOrEmpty(MasterKey))
        {
            return Secrets.MasterKey.FromBase64(MasterKey, "Gateway:MasterKey");
        }

        return MasterKeyFile is { Length: > 0 } file && File.Exists(file)
            ? Secrets.MasterKey.FromBase64(File.ReadAllText(file), $"Gateway:MasterKeyFile={file}")
            : throw new InvalidOperationException(
                $"no master key: set Gateway:MasterKey, or Gateway:MasterKeyFile (now '{MasterKeyFile}') to a file that exists"
            );
    }

    public KeyRing LoadKeyRing(MasterKey master) =>
        KeyRing.Load(
            KeyRingFile ?? throw new InvalidOperationException("no key ring: set Gateway:KeyRingFile"),
            master
        );
}

public static class SecretRegistration
{
    /// <summary>Loads master key and key ring at once: a host without them must not start.</summary>
    public static IServiceCollection AddGatewaySecrets(this IServiceCollection services, IConfiguration configuration)
    {
        var options = configuration.GetSection("Gateway").Get<SecretOptions>() ?? new SecretOptions();
        var master = options.LoadMasterKey();
        return services.AddSingleton(options).AddSingleton(master).AddSingleton(options.LoadKeyRing(master));
    }
}
