namespace Gateway.Tests.HouseRules;

/// <summary>AppHost → hosts → Gateway → Gateway.Mail → BCL; hosts → ServiceDefaults; and nothing across.</summary>
public sealed class DirectionTests
{
    [Theory]
    [InlineData("AppHost")]
    [InlineData("ServiceDefaults")]
    [InlineData("Gateway.Mail")]
    [InlineData("Gateway", "Gateway.Mail")]
    [InlineData("Gateway.Api", "Gateway", "ServiceDefaults")]
    [InlineData("Gateway.Worker", "Gateway", "ServiceDefaults")]
    [InlineData("Gateway.Webhooks", "Gateway", "ServiceDefaults")]
    public void A_project_sees_only_what_lies_below_it(string project, params string[] below) =>
        Assert.Empty(Projects.Named(project).References.Except(below));

    [Fact]
    public void The_mail_core_stands_on_the_base_class_library()
    {
        // Ed25519 signatures are the one thing that .NET lacks.
        string[] allowed = ["Portable.BouncyCastle"];
        Assert.Empty(Projects.Named("Gateway.Mail").Packages.Except(allowed));
    }

    [Fact]
    public void Only_the_projects_built_from_the_product_are_hosts()
    {
        string[] product = ["AppHost", "ServiceDefaults", "Gateway.Mail", "Gateway"];
        string[] hosts = ["Gateway.Api", "Gateway.Worker", "Gateway.Webhooks"];
        var known = product.Concat(hosts);
        // Servers that stand for providers, for tests and for a person with curl.
        string[] standIns = ["ProviderEmulators"];
        var others = Projects.All.Select(project => project.Name).Except(known).Except(standIns);
        Assert.All(
            others,
            name => Assert.EndsWith("Tests", name.Replace("Benchmarks", "Tests"), StringComparison.Ordinal)
        );
    }

    // Inside one project the compiler does not hold the direction, so the text does.
    [Theory]
    [InlineData("Gateway/Providers", "Gateway.Ledger")]
    [InlineData("Gateway/Ledger", "Gateway.Routing")]
    [InlineData("Gateway/Routing", "Gateway.Ledger")]
    public void These_folders_never_see_that_namespace(string folder, string forbidden)
    {
        var seen =
            from file in SourceTree.Under(folder)
            from line in file.Lines.Index()
            where Sees(line.Item, forbidden)
            select $"{file.Path}:{line.Index + 1}";
        Assert.Empty(seen);
    }

    [Theory]
    [InlineData("using Gateway.Ledger;", true)]
    [InlineData("using Gateway.Ledger.Claims;", true)]
    [InlineData("    Gateway.Ledger.Claim claim;", true)]
    [InlineData("using Gateway.LedgerBooks;", false)]
    [InlineData("/// See <c>Gateway.Ledger</c>.", false)]
    [InlineData("using MyGateway.Ledger;", false)]
    public void A_line_sees_a_namespace_by_its_whole_name_and_outside_comments(string line, bool sees) =>
        Assert.Equal(sees, Sees(line, "Gateway.Ledger"));

    private static bool Sees(string line, string name)
    {
        var code = line.Split("//", 2)[0];
        for (var at = code.IndexOf(name, StringComparison.Ordinal); at >= 0; )
        {
            var end = at + name.Length;
            var startsHere = at == 0 || !IsNamePart(code[at - 1]);
            if (startsHere && (end == code.Length || !char.IsLetterOrDigit(code[end])))
            {
                return true;
            }

            at = code.IndexOf(name, end, StringComparison.Ordinal);
        }

        return false;
    }

    private static bool IsNamePart(char c) => char.IsLetterOrDigit(c) || c is '.' or '_';
}
