using Dapper;
using Gateway.Api.Manage;
using Gateway.Api.Problems;
using Gateway.Api.Reading;
using Gateway.Ledger;
using Gateway.Mail.Addresses;
using Gateway.Routing;
using Gateway.Submissions;
using Npgsql;

namespace Gateway.Api.Operator.Paths;

/// <summary>The rules that choose among paths: a change reaches every worker within a second.</summary>
internal static class RouteActions
{
    private const int MostTiers = 10;
    private const int MostPaths = 20;
    private const int LastPlace = 1_000_000;
    private const double MostWeight = 1_000_000;

    private const string Store = """
        INSERT INTO routes (route_id, tenant_id, place, stream, from_domain, from_address, recipient_domain, tag, tiers)
        VALUES (@id, @tenant, @place, @stream, @from_domain, @from_address, @recipient_domain, @tag, @tiers::jsonb)
        ON CONFLICT (route_id) DO UPDATE
        SET tenant_id = excluded.tenant_id, place = excluded.place, stream = excluded.stream,
            from_domain = excluded.from_domain, from_address = excluded.from_address,
            recipient_domain = excluded.recipient_domain, tag = excluded.tag, tiers = excluded.tiers, changed_at = now()
        """;

    public static Task<IResult> ListAsync(HttpContext http, OperatorLedger ledger) =>
        ledger.ReadAsync(
            async connection =>
            {
                var routes = await PathLedger.ReadRoutesAsync(connection);
                return Results.Json(new RoutePage([.. routes.Select(View)], null), OperatorJson.Readable.RoutePage);
            },
            http.RequestAborted
        );

    public static Task<IResult> CreateAsync(HttpContext http, OperatorLedger ledger, TimeProvider clock) =>
        StoreAsync(LedgerId.New(clock.GetUtcNow()), isNew: true, http, ledger);

    /// <summary>The whole rule anew: a part that is left out matches everything again.</summary>
    public static async Task<IResult> ReplaceAsync(string route, HttpContext http, OperatorLedger ledger) =>
        LedgerIds.TryParse(route, out var id)
            ? await StoreAsync(id, isNew: false, http, ledger)
            : ApiProblem.NotFound("route").ToResult();

    public static async Task<IResult> DeleteAsync(string route, HttpContext http, OperatorLedger ledger)
    {
        var (request, problem) = await OperatorRequest.ReadAsync(http);
        if (request is null || (problem = request.Problem()) is not null)
        {
            return problem!.ToResult();
        }

        return LedgerIds.TryParse(route, out var id)
            ? await ledger.ActAsync(
                request,
                "route.delete",
                route,
                null,
                async connection =>
                    await connection.ExecuteAsync(
                        "DELETE FROM routes WHERE route_id = @id AND route_id <> @own",
                        new { id, own = StoredRoute.Default }
                    ) > 0
                        ? new ActionOutcome([new ChangeView("route", route, null)])
                        : ActionOutcome.Refused(ApiProblem.NotFound("route")),
                http.RequestAborted
            )
            : ApiProblem.NotFound("route").ToResult();
    }

    private static async Task<IResult> StoreAsync(Guid id, bool isNew, HttpContext http, OperatorLedger ledger)
    {
        var (request, problem) = await OperatorRequest.ReadAsync(http);
        if (request is null)
        {
            return problem!.ToResult();
        }

        var fields = request.Fields;
        var rule = new
        {
            id,
            tenant = ReadTenant(fields),
            place = (int)(fields.Number("place", 1, LastPlace, required: true) ?? 0),
            stream = fields.OneOf("stream", ["transactional", "broadcast"]),
            from_domain = ReadDomain(fields, "from_domain"),
            from_address = ReadAddress(fields, "from_address"),
            recipient_domain = ReadDomain(fields, "recipient_domain"),
            tag = fields.Text("tag", 100),
            tiers = StoredRoute.WriteTiers(ReadTiers(fields)),
        };
        if (request.Problem() is { } refused)
        {
            return refused.ToResult();
        }

        return await ledger.ActAsync(
            request,
            isNew ? "route.create" : "route.replace",
            id.ToString(),
            rule.tenant,
            async connection =>
            {
                var before = (await PathLedger.ReadRoutesAsync(connection)).FirstOrDefault(r => r.route_id == id);
                if (before is null != isNew || before is { IsDefault: true })
                {
                    return ActionOutcome.Refused(ApiProblem.NotFound("route"));
                }

                if (await WhyNotAsync(connection, rule.tenant, rule.tiers) is { } no)
                {
                    return ActionOutcome.Refused(no);
                }

                try
                {
                    await connection.ExecuteAsync(Store, rule);
                }
                catch (PostgresException taken) when (taken.SqlState == PostgresErrorCodes.UniqueViolation)
                {
                    return ActionOutcome.Refused(PlaceTaken(rule.place));
                }

                return new ActionOutcome([new ChangeView("tiers", before?.tiers, rule.tiers)]);
            },
            http.RequestAborted
        );
    }

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

    /// <summary>As an A-label; a leading <c>*.</c> stays.</summary>
    private static string? ReadDomain(BodyFields fields, string name)
    {
        if (fields.Text(name, 255) is not { } text)
        {
            return null;
        }

        var star = text.StartsWith("*.", StringComparison.Ordinal) ? "*." : "";
        if (EmailAddress.TryParse("x@" + text[star.Length..], out var address, out _))
        {
            return star + address.Domain;
        }

        fields.Refuse(name, text, "a domain such as example.com, or *.example.com for its subdomains");
        return null;
    }

    private static string? ReadAddress(BodyFields fields, string name)
    {
        if (fields.Text(name, 320) is not { } text)
        {
            return null;
        }

        if (EmailAddress.TryParse(text, out var address, out _))
        {
            return address.ToString();
        }

        fields.Refuse(name, text, "an address such as news@example.com");
        return null;
    }

    private static List<RouteTier> ReadTiers(BodyFields fields)
    {
        var tiers = new List<RouteTier>();
        var given = fields.Objects("tiers", MostTiers);
        if (given is null or { Count: 0 })
        {
            fields.Refuse(
                "tiers",
                null,
                $"1 to {MostTiers} tiers: [{{\"paths\":[{{\"path\",\"weight\"}}]}}]",
                "required"
            );
            return tiers;
        }

        foreach (var tier in given)
        {
            var paths = tier.Objects("paths", MostPaths);
            if (paths is null or { Count: 0 })
            {
                tier.Refuse("paths", null, $"1 to {MostPaths} paths", "required");
                continue;
            }

            tiers.Add(
                new RouteTier([
                    .. paths.Select(p => new WeightedPath(
                        p.Text("path", 40, required: true) ?? "",
                        p.Number("weight", 0.001, MostWeight, whole: false) ?? 1
                    )),
                ])
            );
        }

        return tiers;
    }

    private static async Task<ApiProblem?> WhyNotAsync(NpgsqlConnection connection, Guid? tenant, string tiers)
    {
        if (
            tenant is not null
            && !await connection.ExecuteScalarAsync<bool>(
                "SELECT EXISTS (SELECT FROM tenants WHERE tenant_id = @tenant)",
                new { tenant }
            )
        )
        {
            return ApiProblem.Invalid(FieldError.Of("not_found", "tenant", tenant.ToString(), "the id of a tenant"));
        }

        var known = (await PathLedger.ReadAsync(connection))
            .Where(p => p.tenant_id is null || p.tenant_id == tenant)
            .Select(p => p.path)
            .ToHashSet(StringComparer.Ordinal);
        var unknown = StoredRoute
            .ReadTiers(tiers)
            .SelectMany((t, at) => t.Paths.Select(p => (p.Path, at)))
            .FirstOrDefault(p => !known.Contains(p.Path));
        return unknown.Path is null
            ? null
            : ApiProblem.Invalid(
                FieldError.Of(
                    "not_found",
                    $"tiers[{unknown.at}].paths",
                    unknown.Path,
                    "a path of the platform or of the rule's tenant: " + string.Join(", ", known.Order().Take(20))
                )
            );
    }

    private static ApiProblem PlaceTaken(int place) =>
        ApiProblem.Invalid(
            FieldError.Of("place_taken", "place", $"{place}", "a place that no other rule of the same tenant has"),
            StatusCodes.Status409Conflict
        );

    private static RouteView View(StoredRoute row)
    {
        var rule = row.ToRule();
        return new RouteView(
            rule.Id,
            rule.Tenant,
            row.place,
            rule.Stream,
            rule.FromDomain,
            rule.FromAddress,
            rule.RecipientDomain,
            rule.Tag,
            [.. rule.Tiers.Select(t => new TierView([.. t.Paths.Select(p => new WeightedPathView(p.Path, p.Weight))]))]
        );
    }
}
