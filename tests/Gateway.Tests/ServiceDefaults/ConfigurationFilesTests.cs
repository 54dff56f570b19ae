using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using ServiceDefaults;

namespace Gateway.Tests.ServiceDefaults;

public sealed class ConfigurationFilesTests
{
    [Fact]
    public void No_configuration_file_is_watched_and_every_source_still_counts()
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            File.WriteAllText(Path.Combine(folder.FullName, "appsettings.json"), """{ "a": "file", "b": "file" }""");
            var builder = WebApplication.CreateBuilder(
                new WebApplicationOptions { ContentRootPath = folder.FullName, Args = ["--b=argument"] }
            );

            ConfigurationFiles.ReadOnce(builder.Configuration);

            var files = ((IConfigurationBuilder)builder.Configuration).Sources.OfType<FileConfigurationSource>();
            Assert.DoesNotContain(files, source => source.ReloadOnChange);
            Assert.Equal("file", builder.Configuration["a"]);
            Assert.Equal("argument", builder.Configuration["b"]);
            Assert.True(builder.Environment.ContentRootFileProvider.GetFileInfo("appsettings.json").Exists);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void Log_levels_have_quiet_defaults_that_configuration_overrides()
    {
        var builder = WebApplication.CreateBuilder(["--Logging:LogLevel:Default=Error"]);
        builder.AddServiceDefaults();
        Assert.Equal("Error", builder.Configuration["Logging:LogLevel:Default"]);
        Assert.Equal("Warning", builder.Configuration["Logging:LogLevel:System.Net.Http"]);
    }
}
