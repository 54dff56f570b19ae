using Gateway.Api.Suppressions;

namespace Gateway.Api;

internal static class SuppressionServices
{
    /// <summary>The tenants' lists of whom they do not write to.</summary>
    public static IServiceCollection AddSuppressionList(this IServiceCollection services) =>
        services.AddSingleton<SuppressionStore>();
}
