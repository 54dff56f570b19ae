namespace Gateway.Webhooks.Outbound;

/// <summary>The look-ups and writes at the loop's side.</summary>
internal sealed partial class Dispatcher
{
    private void BeginJobs()
    {
        if (signals.TakeSubscriptions())
        {
            keep.Want();
            due.Want();
            replay.Want();
        }

        if (signals.TakeEvents())
        {
            look.Want();
        }

        Begin(keep, nameof(keep), KeepAsync);
        if (!IsAlive)
        {
            return;
        }

        if (look.IsDue)
        {
            BeginLook();
        }

        if (write.IsDue)
        {
            BeginWrite();
        }

        if (!due.IsRunning)
        {
            // A load that began before the write still shows the rows as they were, and would have them sent again.
            changedRows.ForEach(r => r.Endpoint.LetGo(r.EventId));
            changedRows.Clear();
        }

        Begin(due, nameof(due), ReadDueAsync);
        Begin(replay, nameof(replay), ReplayAsync);
        Begin(tick, nameof(tick), TickAsync);
        if (show.IsDue)
        {
            show.Begin();
            Volatile.Write(ref figures, endpoints.Figures(clock.GetUtcNow()));
            show.End(isFailure: false);
        }
    }

    /// <summary>Starts it where it is due. Its first part runs on the loop; what it returns runs there too.</summary>
    private void Begin(Job job, string name, Func<Task<Action>> work, Action? onFailure = null)
    {
        if (!job.IsDue)
        {
            return;
        }

        job.Begin();
        _ = RunAsync();

        async Task RunAsync()
        {
            var (apply, isFailure) = (onFailure, true);
            try
            {
                (apply, isFailure) = (await work(), false);
            }
            catch (Exception problem) when (IsLedgerAway(problem))
            {
                NotDone(log, name, problem.Message);
            }
            catch (Exception problem)
            {
                // The one catch at this edge: a defect in one job must not end the loop.
                Failed(log, problem, name);
            }

            signals.Post(() =>
            {
                job.End(isFailure);
                apply?.Invoke();
            });
        }
    }

    private async Task<Action> KeepAsync()
    {
        var (began, known) = (clock.GetTimestamp(), endpoints.Known());
        var off = toSwitchOff.ToList();
        var idle = endpoints.All.Where(e => e is { IsReleasing: true, IsIdle: true }).ToList();
        var stopped = endpoints
            .All.Where(e => !e.Config.IsActive)
            .ToDictionary(e => e.Config.Id, e => e.Config.StoppedAt);
        foreach (var (endpoint, reason, status) in off)
        {
            await ledger.Journal.SwitchOffAsync(endpoint, reason, status, CancellationToken.None);
        }

        if (idle.Count > 0)
        {
            await ledger.Book.ReleaseAsync([.. idle.Select(e => e.Config.Id)], CancellationToken.None);
        }

        var tooMany = await ledger.Book.KeepAsync(CancellationToken.None);
        var (owned, read) = await ledger.Book.ReadAsync(known, CancellationToken.None);
        var changed = new List<OwnedSubscription>();
        var skips = new List<(Guid, EventPlace)>();
        foreach (var subscription in read)
        {
            changed.Add(await HereAsync(subscription));
            if (
                subscription.Config.IsActive
                && stopped.GetValueOrDefault(subscription.Config.Id) is { } since
                && clock.GetUtcNow() - since > PlaceKept
                && await ledger.Tail.PlaceOfAsync(clock.GetUtcNow() - PlaceKept, CancellationToken.None) is { } xid
            )
            {
                var place = subscription.Place;
                skips.Add((subscription.Config.Id, place with { Xid = xid, AfterId = Guid.Empty }));
            }
        }

        return () =>
        {
            keptAt = began;
            off.ForEach(o => toSwitchOff.Remove(o));
            idle.ForEach(endpoints.Drop);
            endpoints.Apply(owned, changed);
            skips.ForEach(s => endpoints.Find(s.Item1)?.Skip(s.Item2));
            endpoints.ReleaseSome(tooMany);
            if (changed.Count > 0)
            {
                look.Want();
                due.Want();
            }
        };
    }

    /// <summary>A place of another epoch is found anew by its last event.</summary>
    private async Task<OwnedSubscription> HereAsync(OwnedSubscription subscription) =>
        subscription.Place.Epoch == subscription.Epoch
            ? subscription
            : subscription with
            {
                Place = await ledger.Tail.TranslateAsync(
                    subscription.Config.Tenant,
                    subscription.Place,
                    subscription.Epoch,
                    CancellationToken.None
                ),
            };

    private void BeginLook()
    {
        var now = clock.GetUtcNow();
        heldBytes = endpoints.All.Sum(e => e.HeldBytes);
        var isWhole = wholeLook.IsDue;
        List<Endpoint> asking =
            heldBytes > options.MaxHeldBytes ? [] : [.. endpoints.All.Where(e => e.WantsEvents(now))];
        var asked = asking
            .Select(e => new TailRequest(e.Config.Id, e.Config.Tenant, e.Read, isWhole || e.HasMore))
            .ToList();
        asking.ForEach(e => e.IsBeingRead = true);
        if (isWhole)
        {
            wholeLook.Begin();
            wholeLook.End(isFailure: false);
        }

        Begin(look, nameof(look), LookAsync, () => asking.ForEach(e => e.IsBeingRead = false));

        async Task<Action> LookAsync()
        {
            var rows = asked.Count == 0 ? [] : await ledger.Tail.ReadNewAsync(asked, CancellationToken.None);
            return () =>
            {
                foreach (var (endpoint, asks) in asking.Zip(asked))
                {
                    // Sent elsewhere meanwhile, or stopped: what was read then is read again when it is wanted.
                    endpoint.IsBeingRead = false;
                    endpoint.HasMore = false;
                }

                foreach (var group in rows.GroupBy(r => r.Request))
                {
                    var endpoint = asking[group.Key];
                    if (
                        !endpoint.Config.IsActive
                        || !IsKnown(endpoint, group.First().Version)
                        || endpoint.Read != asked[group.Key].After
                    )
                    {
                        continue;
                    }

                    var read = 0;
                    foreach (var (_, _, slot, item) in group)
                    {
                        endpoint.Add(slot, item);
                        read++;
                    }

                    endpoint.HasMore = read == EventTail.PageSize;
                }
            };
        }
    }

    private async Task<Action> ReadDueAsync()
    {
        var asking = endpoints.All.Where(e => !e.IsReleasing && e.DueCount == 0).ToList();
        var asked = asking.Select(e => (e.Config.Id, e.Config.Tenant, e.Config.IsActive)).ToList();
        var rows = asked.Count == 0 ? [] : await ledger.Tail.ReadDueAsync(asked, CancellationToken.None);
        return () =>
        {
            asking.ForEach(e => e.HasMoreDue = false);
            foreach (var (request, version, item) in rows)
            {
                var endpoint = asking[request];
                if (IsKnown(endpoint, version) && endpoint.Config.IsActive == asked[request].IsActive)
                {
                    endpoint.AddDue(item);
                }
            }

            foreach (var group in rows.GroupBy(r => r.Request).Where(g => g.Count() == EventTail.DuePageSize))
            {
                asking[group.Key].HasMoreDue = true;
            }
        };
    }

    /// <summary>
    /// What was written after a change of the subscription is sent as the change wants it: never after a pause, never
    /// by an older secret.
    /// </summary>
    private bool IsKnown(Endpoint endpoint, long version)
    {
        if (endpoint.Config.Version != version)
        {
            keep.Want();
        }

        return endpoint.Config.Version == version;
    }

    private void BeginWrite()
    {
        var states = TakeStates();
        if (results.Count == 0 && states.Count == 0)
        {
            return;
        }

        var (written, fresh) = (results, new List<SendResult>());
        results = fresh;
        Begin(write, nameof(write), WriteAsync, PutBack);

        async Task<Action> WriteAsync()
        {
            var mine = await ledger.Journal.WriteAsync(written, states, CancellationToken.None);
            return () =>
            {
                foreach (var result in written)
                {
                    result.Endpoint.Unwritten--;
                    if (result.Item.Slot is null)
                    {
                        changedRows.Add((result.Endpoint, result.Item.EventId));
                    }
                }

                foreach (var state in states.Where(s => !mine.Contains(s.Endpoint.Config.Id)))
                {
                    endpoints.Drop(state.Endpoint);
                }
            };
        }

        void PutBack()
        {
            results.InsertRange(0, written);
            states.ForEach(s => s.Endpoint.IsDirty = true);
            write.Want();
        }
    }

    private List<EndpointState> TakeStates()
    {
        var dirty = endpoints.All.Where(e => e.IsDirty).Select(e => new EndpointState(e, e.Done, e.Health)).ToList();
        dirty.ForEach(s => s.Endpoint.IsDirty = false);
        return dirty;
    }

    private async Task<Action> ReplayAsync()
    {
        var moved = await ledger.Journal.ReplayAsync(CancellationToken.None);
        return () =>
        {
            if (moved > 0)
            {
                due.Want();
            }
        };
    }

    private async Task<Action> TickAsync()
    {
        await ledger.Tail.TickAsync(CancellationToken.None);
        var parked = await ledger.Book.CountParkedAsync(CancellationToken.None);
        return () => endpoints.SetParked(parked);
    }
}
