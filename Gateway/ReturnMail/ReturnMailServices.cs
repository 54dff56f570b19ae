using Gateway.Secrets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Gateway.ReturnMail;

public static class ReturnMailServices
{
    /// <summary>Our return addresses and links, for the host that writes them and the one that reads them.</summary>
    /// <exception cref="InvalidOperationException">A setting makes no sense.</exception>
    public static IServiceCollection AddReturnMail(
        this IServiceCollection services,
        IConfiguration configuration,
        IHostEnvironment environment
    )
    {
        var options = ReturnMailOptions.Read(configuration, environment.IsDevelopment());
        services.AddSingleton(options).AddSingleton(p => new UnsubscribeLinks(p.GetRequiredService<KeyRing>()));
        return options.BounceDomain is { } domain
            ? services.AddSingleton(p => new ReturnAddresses(p.GetRequiredService<KeyRing>(), domain))
            : services;
    }
}
