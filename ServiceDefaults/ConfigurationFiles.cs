using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.FileProviders;

namespace ServiceDefaults;

/// <summary>
/// Configuration files are read at start and not again. Their watcher covers the whole content root, and cost 4 % of
/// the accepting host's CPU while files changed there.
/// </summary>
internal static class ConfigurationFiles
{
    public static void ReadOnce(IConfigurationManager configuration)
    {
        var watched = configuration.Sources.OfType<FileConfigurationSource>().Where(s => s.ReloadOnChange).ToList();
        if (watched.Count == 0)
        {
            return;
        }

        var watchers = new HashSet<PhysicalFileProvider>();
        foreach (var source in watched)
        {
            source.ReloadOnChange = false;
            if (source.FileProvider is PhysicalFileProvider watcher)
            {
                watchers.Add(watcher);
                source.FileProvider = new PhysicalFileProvider(watcher.Root);
            }
        }

        // Any change of the list builds all providers anew, from the sources as they are now.
        configuration.Sources[0] = configuration.Sources[0];
        // The watcher lives as long as its provider.
        foreach (var watcher in watchers)
        {
            watcher.Dispose();
        }
    }
}
