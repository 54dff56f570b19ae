using System.Text;
using System.Text.Json;
using Dapper;
using Gateway.Api.Manage;
using Gateway.Api.Problems;
using Gateway.Api.Reading;
using Gateway.Providers;
using Gateway.Providers.Events;
using Gateway.Routing;
using Gateway.Secrets;
using Gateway.Submissions;
using Npgsql;

namespace Gateway.Api.Operator.Paths;

/// <summary>
/// Paths that the operator describes here. A new or changed one is on probation: its canary first, then a growing share of
/// its traffic (S5).
/// </summary>
internal sealed class PathDescriptions(OperatorLedger ledger, PathLedger paths, PathCheck check, MasterKey master)
{
    private const int MostSettings = 40;

    private const string Store = """
        INSERT INTO paths AS p (path, tenant_id, provider, origin, settings, secret_sealed, concurrency)
        VALUES (@path, @tenant, @provider, 'operator', @settings::jsonb, @secret, @concurrency)
        ON CONFLICT (path) DO UPDATE
        SET provider = excluded.provider, settings = excluded.settings, concurrency = excluded.concurrency,
            secret_sealed = coalesce(excluded.secret_sealed, p.secret_sealed), changed_at = now(), capabilities = NULL
        """;

    private const string BeginProbation = """
        INSERT INTO path_probations (path, step) VALUES (@path, 'canary')
        ON CONFLICT (path) DO UPDATE SET step = 'canary', share = 0, sends = 0, since = now(), reason = NULL
        """;

    public async Task<IResult> CreateAsync(HttpContext http)
    {
        var (request, problem) = await OperatorRequest.ReadAsync(http);
        if (request is null)
        {
            return problem!.ToResult();
        }

        var name = request.Fields.Text("path", 40, required: true) ?? "";
        if (name.Length > 0 && !IsName(name))
        {
            request.Fields.Refuse("path", name, "1 to 40 of a-z, 0-9 and -, not beginning with -");
        }

        var tenant = ReadTenant(request.Fields);
        return await StoreAsync(name, tenant, isNew: true, request, http.RequestAborted);
    }

    /// <summary>The whole description anew; credentials that are left out stay.</summary>
    public async Task<IResult> ReplaceAsync(string path, HttpContext http)
    {
        var (request, problem) = await OperatorRequest.ReadAsync(http);
        return request is null
            ? problem!.ToResult()
            : await StoreAsync(path, null, isNew: false, request, http.RequestAborted);
    }

    private async Task<IResult> StoreAsync(
        string path,
        Guid? tenant,
        bool isNew,
        OperatorRequest request,
        CancellationToken cancel
    )
    {
        var fields = request.Fields;
        var provider = fields.OneOf(
            "provider",
            [.. ProviderRegistry.Kinds.Order(StringComparer.Ordinal)],
            required: true
        );
        var settings = fields.Values("settings", MostSettings) ?? new Dictionary<string, string>();
        var secret = fields.Values("secret", MostSettings);
        var concurrency = (int)(
            fields.Number("concurrency", 1, PathSettings.MostConcurrency) ?? PathSettings.DefaultConcurrency
        );
        foreach (var setting in settings.Keys)
        {
            if (check.WhyElsewhere(setting) is { } elsewhere)
            {
                fields.Refuse($"settings.{setting}", null, elsewhere);
            }
        }

        if (request.Problem() is { } refused)
        {
            return refused.ToResult();
        }

        return await ledger.ActAsync(
            request,
            isNew ? "path.create" : "path.replace",
            path.Length <= 100 ? path : path[..100],
            tenant,
            async connection =>
            {
                var before = await PathQueries.FindAsync(connection, path);
                if (WhyNot(before, isNew, path) is { } no)
                {
                    return ActionOutcome.Refused(no);
                }

                var owner = isNew ? tenant : before!.tenant_id;
                var known = secret ?? (isNew ? null : await OpenAsync(connection, path, owner));
                if (check.WhyNotUsable(provider!, settings, known, owner) is { } wrong)
                {
                    return ActionOutcome.Refused(wrong);
                }

                try
                {
                    await connection.ExecuteAsync(
                        Store,
                        new
                        {
                            path,
                            tenant = owner,
                            provider,
                            settings = JsonSerializer.Serialize(settings),
                            secret = secret is null
                                ? null
                                : master.Seal(
                                    JsonSerializer.SerializeToUtf8Bytes(secret),
                                    PathSecret.Place(owner, path)
                                ),
                            concurrency,
                        }
                    );
                }
                catch (PostgresException absent) when (absent.SqlState == PostgresErrorCodes.ForeignKeyViolation)
                {
                    return ActionOutcome.Refused(
                        ApiProblem.Invalid(FieldError.Of("not_found", "tenant", $"{owner}", "the id of a tenant"))
                    );
                }

                if (!EventFormats.OnlyEvents.Contains(provider!))
                {
                    await connection.ExecuteAsync(BeginProbation, new { path });
                }

                var type = isNew ? "path.created" : "path.replaced";
                await paths.TellAsync(connection, path, type, request.Reason, new { provider });
                return new ActionOutcome([
                    new ChangeView("provider", before?.provider, provider),
                    new ChangeView("settings", before?.settings, JsonSerializer.Serialize(settings)),
                    .. secret is null ? Array.Empty<ChangeView>() : [new ChangeView("secret", null, "sealed")],
                    new ChangeView("probation", null, EventFormats.OnlyEvents.Contains(provider!) ? null : "canary"),
                ]);
            },
            cancel
        );
    }

    private static ApiProblem? WhyNot(PathRow? before, bool isNew, string path) =>
        (before, isNew) switch
        {
            (null, false) => ApiProblem.NotFound("path"),
            ({ origin: "configuration" }, _) => ApiProblem.Invalid(
                FieldError.Of("of_configuration", "path", path, "another path: the hosts' settings describe this one"),
                StatusCodes.Status409Conflict
            ),
            (not null, true) => ApiProblem.Invalid(
                FieldError.Of("path_taken", "path", path, "a name that no other path has"),
                StatusCodes.Status409Conflict
            ),
            _ => null,
        };

    private async Task<IReadOnlyDictionary<string, string>?> OpenAsync(
        NpgsqlConnection connection,
        string path,
        Guid? owner
    ) =>
        await connection.ExecuteScalarAsync<byte[]?>("SELECT secret_sealed FROM paths WHERE path = @path", new { path })
            is { } sealedText
            ? JsonSerializer.Deserialize<Dictionary<string, string>>(
                Encoding.UTF8.GetString(master.Open(sealedText, PathSecret.Place(owner, path)))
            )
            : null;

    private static Guid? ReadTenant(BodyFields fields)
    {
        if (fields.Text("tenant", 40) is not { } text)
        {
            return null;
        }

        if (LedgerIds.TryParse(text, out var id))
        {
            return id;
        }

        fields.Refuse("tenant", text, "the id of a tenant");
        return null;
    }

    /// <summary>As the table demands it.</summary>
    private static bool IsName(string text) =>
        text[0] != '-' && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');
}
