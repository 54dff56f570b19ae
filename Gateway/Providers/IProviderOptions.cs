namespace Gateway.Providers;

/// <summary>An account's settings, as the configuration or a sealed secret holds them.</summary>
public interface IProviderOptions
{
    /// <summary>Everything that is wrong with them, each naming the setting and its present value; never a secret.</summary>
    IEnumerable<string> Problems();
}
