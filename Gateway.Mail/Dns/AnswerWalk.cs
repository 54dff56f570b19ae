namespace Gateway.Mail.Dns;

/// <summary>Where a message leads from the name that was asked.</summary>
internal abstract record WalkEnd
{
    private WalkEnd() { }

    public sealed record Answered(DnsAnswer Answer) : WalkEnd;

    /// <summary>The name is an alias, and the message does not say what its target has.</summary>
    public sealed record AskNext(DnsName Target) : WalkEnd;
}

/// <summary>
/// Follows one question through a message. Believed is only what stands at the name asked for, at the target of an alias
/// that began there, or, to say that nothing is, the SOA of a zone above it; the rest is passed over, since any server
/// may write anything there.
/// </summary>
internal static class AnswerWalk
{
    /// <param name="message">The answer to the question.</param>
    /// <param name="question">As asked.</param>
    /// <param name="aliases">Followed so far for this question, over all messages.</param>
    /// <param name="ttl">The least so far.</param>
    public static WalkEnd Follow(DnsMessage message, DnsQuestion question, ref int aliases, ref TimeSpan ttl)
    {
        var name = question.Name;
        while (true)
        {
            var found = message.Answers.Where(r => Is(r, name, question.Type)).ToArray();
            if (found.Length > 0)
                return Answered(new DnsAnswer.Found(name, found, Least(ttl, found)));

            var alias = message.Answers.Where(r => Is(r, name, DnsType.Cname)).ToArray();
            if (alias.Length == 0)
                return Nothing(message, question.Name, name, ttl);

            // RFC 2181 §10.1: an alias has one target.
            if (alias.Skip(1).Any(a => !a.Data.Equals(alias[0].Data)))
                return Answered(new DnsAnswer.ServerFailure($"{name} is an alias of two names"));

            // RFC 1034 §3.6.2: a loop is an error, and so is what is as good as one.
            if (++aliases > DnsLimits.Aliases)
                return Answered(
                    new DnsAnswer.ServerFailure($"more than {DnsLimits.Aliases} aliases follow each other")
                );

            ttl = Least(ttl, alias);
            name = ((DnsData.Host)alias[0].Data).Name;
        }
    }

    /// <summary>RFC 2308 §2: what it means that there is no record.</summary>
    private static WalkEnd Nothing(DnsMessage message, DnsName asked, DnsName name, TimeSpan ttl)
    {
        var zone = message.Authorities.FirstOrDefault(r =>
            r is { Class: DnsRecord.Internet, Data: DnsData.Authority } && name.IsAtOrBelow(r.Name)
        );
        // RFC 2308 §5: kept for the lesser of the SOA's TTL and its minimum; without an SOA not at all.
        var keep = zone is { Data: DnsData.Authority soa }
            ? Least(Least(ttl, [zone]), TimeSpan.FromSeconds(soa.Minimum))
            : TimeSpan.Zero;

        // RFC 6604 §3: the code speaks of the last name of the aliases.
        if (message.Code == DnsResponseCode.NoSuchName)
            return Answered(new DnsAnswer.NoSuchName(keep));

        if (zone is null && !name.Equals(asked))
            return new WalkEnd.AskNext(name);

        // RFC 2308 §2.2: name servers and no SOA are a referral to somebody else, which a stub cannot follow.
        return
            zone is null
            && !message.RecursionAvailable
            && message.Authorities.Any(r => r.Type == DnsType.Ns && !message.IsAuthoritative)
            ? Answered(new DnsAnswer.ServerFailure("the server answers with a referral: it does not ask for others"))
            : Answered(new DnsAnswer.NoData(keep));
    }

    private static WalkEnd.Answered Answered(DnsAnswer answer) => new(answer);

    private static bool Is(DnsRecord record, DnsName name, DnsType type) =>
        record.Type == type && record.Class == DnsRecord.Internet && record.Name.Equals(name);

    private static TimeSpan Least(TimeSpan ttl, IEnumerable<DnsRecord> records) =>
        records.Aggregate(ttl, (least, record) => Least(least, record.Ttl));

    private static TimeSpan Least(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
