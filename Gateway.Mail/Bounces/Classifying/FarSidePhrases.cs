using static Gateway.Mail.Bounces.BounceClass;
using static Gateway.Mail.Outcome;
using static Gateway.Mail.OutcomeScope;

namespace Gateway.Mail.Bounces.Classifying;

/// <summary>Trouble on the far side or between: nobody's address is wrong.</summary>
internal static class FarSidePhrases
{
    public static readonly PhraseRule[] Mailers =
    [
        new(
            "bounce/loop",
            Soft,
            MessagePermanent,
            RemoteDomain,
            """
            too many hops | loop broken | loop was found | forwarding loop | maximum forwarding | hop count |
            maximum hop | exceeded & hops | mail loop | loops back to | loops to | points to local host |
            lowest numbered mx | maximum number of received | cannot route to myself | routing loop | loop detected |
            looping | loop alert | too many received | forwarded more than the maximum | duplicated message-id
            """
        ),
        new(
            "bounce/local-program",
            Soft,
            RecipientTemporary,
            RemoteDomain,
            """
            procmail:~ | pipe to~ | ifs=' ' | command died | command failed | command time limit | command output |
            child process | exit status | exited with | mailer error | x-unix; 127 | local configuration error |
            local delivery failed | could not open user | maildrop | cannot write to | unable to write to |
            delivery agent | system config error | temporary local problem | could not load drd
            """
        ),
    ];

    public static readonly PhraseRule[] Network =
    [
        new(
            "bounce/expired",
            Soft,
            RecipientTemporary,
            RemoteDomain,
            """
            expired | retry timeout | message timed out | not been collected | queue period | multiple retries |
            could not find a gateway | failed to deliver to domain | all hosts have been failing |
            long failure period | frozen on arrival | has been frozen | was frozen | retry time not reached |
            retry time limit | queue too long | in the queue | giving up | could not be delivered for |
            unable to deliver in | not been delivered | been trying | delivery attempts | failed & attempts |
            delivery time | has been delayed | is delayed | deferred | deferral | will be retried | gave up
            """
        ),
        new(
            "bounce/unreachable",
            Soft,
            RecipientTemporary,
            RemoteDomain,
            """
            timed out | timeout | time-out | time out | connection refused | connection died | greeting failed |
            no smtp connection got through | no connection | connect to | operation timed | connection reset |
            connection closed | connection dropped | connection lost | connection was | lost connection |
            connection failure | conversation with | connection broken | connection error | could not connect |
            couldn't connect | unable to connect | cannot connect | can't connect | failed to connect |
            did not accept our requests to connect | establish an smtp connection | socket error | network error |
            no route to host | host is down | not reachable | unreachable | not responding | no response |
            not answer | bad connection | protocol error | premature
            """
        ),
        new(
            "bounce/system",
            Soft,
            RecipientTemporary,
            RemoteDomain,
            """
            temporary failure | communications failure | communication failure | unavailable to take delivery |
            could not retrieve | alias database | cname lookup failed | best-preference mx | cannot update mailbox |
            cannot open mailbox | can't create | not currently available | temporary error | temporary problem |
            temporarily | try later | try again | service unavailable | service not available |
            currently unavailable | local error | configuration error | misconfigured | no mdb | reading data |
            interrupted system call | being processed | transaction failed | retry timeout of | internal error |
            internal software error | system error | system failure | server error | server configuration |
            queue file write error | unexpected failure | input/output error | i/o error | disk full |
            system resources | insufficient system | out of memory | on hold | greylist | graylist | recipient error
            """
        ),
    ];
}
