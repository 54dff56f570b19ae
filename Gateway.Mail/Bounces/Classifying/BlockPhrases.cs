using static Gateway.Mail.Bounces.BounceClass;
using static Gateway.Mail.Outcome;
using static Gateway.Mail.OutcomeScope;

namespace Gateway.Mail.Bounces.Classifying;

/// <summary>Refused for who sends, from where, how much or what.</summary>
internal static class BlockPhrases
{
    public static readonly PhraseRule[] All =
    [
        new(
            "bounce/unauthenticated",
            Block,
            PathBlocked,
            Identity,
            """
            dmarc | unauthenticated email | unauthenticated sender | authentication checks | spf settings |
            domain authentication | unauthenticated mail | is unauthenticated |
            authentication information or fails to pass | fails to pass authentication | fail authentication check |
            spf record | spf check | spf fail | spf hard | spf soft | spf (sender policy | spf validation |
            spf lookup | spf error | spf:~ | spf violation | spf authentication | spf policy | pass spf | failed spf |
            fails spf | fail spf | not permitted by spf | openspf | spf.pobox.com | sender policy framework |
            sender id (pra) | purported responsible address | sender-id | dkim | domainkeys | authentication level |
            email address does not match the domain | adsp
            """
        ),
        new(
            "bounce/no-reverse-name",
            Block,
            PathBlocked,
            Ip,
            """
            ptr record | no ptr | dns ptr | ~ptr~ | (ptr) | reverse dns | reverse-dns | reverse lookup |
            reverse hostname | reverse name | reverse ip | reverse address | reverse mapping | rdns | r-dns |
            ip name lookup failed | unresolvable relay host | unverifyable sending ip | unverifiable sending ip |
            cannot find your hostname | cannot find your reverse | cannot resolve your address |
            could not resolve your ip | could not resolve ip | hostname lookup failed | helo invalid | invalid helo |
            helo command rejected | helo/ehlo | ehlo with | helo name | my name was rejected
            """
        ),
        new(
            "bounce/listed",
            Block,
            PathBlocked,
            Ip,
            """
            blacklist | denylist | deny list | on our block | in a block | in our block | ip listed | ip rejected |
            bad reverse | unknown client | client not | host not allowed | host rejected | host blocked |
            network blocked | provider blocked | fraud | weren't sent | black list | black-list | blocklist |
            block list | blocked list | blocked using | blocked by | dnsbl | ~rbl | .rbl | /rbl | rbl. | rbldns |
            spamhaus | spamcop | sorbs | barracuda | abuseat | surbl | uceprotect | psbl | mailspike | invaluement |
            lashback | senderscore | senderbase | ipcheck.proofpoint | cloudmark | listed in |
            confirm this mail server | requires confirmation | go away | currently sending spam |
            not allowed to send mail from | generic dns | not accept mail from | accept mail from dynamic |
            listed on | listed at | listed by | reputation | client host [ | host network not allowed | blocked ip |
            ip blocked | ip is blocked | ip address & blocked | ip address & rejected | ip address & refused |
            ip address & not allowed | ip addr & block | your ip | invalid ip for sending | banned | open relay |
            open proxy | no access from mail server | messages from & weren't sent | access from & denied |
            access from & rejected | mail from & blocked | mail from & refused | mail from & has been denied |
            email from & blocked | connection refused by policy | connection & rejected | connection & blocked |
            connections not accepted from | connections from this host | connections from & denied |
            not accepting connections | not accept any more connections | refused to talk to me |
            may not be mail exchanger | dynamic ip | dynamic address | dialup | dial-up | residential |
            generic hostname | is not allowed to connect | not authorized to connect |
            you are not allowed to connect | your server is not allowed | your mail server | your network |
            your host | permanently deferred | temporarily deferred | too many errors | bad sender ip | bad ip |
            cannot send e-mail to yourself | no smtp service for | (bl)
            """
        ),
        new(
            "bounce/rate",
            Block,
            PathThrottled,
            Account,
            """
            too many recipients | trop de connexions | numerous attempts | per-domain | try again slower |
            emails per hour | messages per hour | maximum connection | too many requests | low priority |
            too many rcpt | too many connections | too many concurrent | too many sessions | too many simultaneous |
            too many messages | too many emails | too many mails | too many invalid recipients | too many unknown |
            too many bad recipients | too fast | too frequent | too quickly | frequency | rate limit | rate-limit |
            rate that prevents | rate control | rate exceeded | unusual rate | throttl | slow down |
            maximum number of connections | connection limit | concurrent connection | connections & exceed |
            message limit | recipients per hour | recipients this hour | recipients exceed |
            exceeds the number of recipients | exceeded the number of recipients | domain exceeded the max |
            exceeded max | unexpected volume | excessive volume
            """
        ),
        new(
            "bounce/content",
            Block,
            ContentRefused,
            Message,
            """
            virus | malware | trojan | ~worm | infected | phish | spam | advertis | dangerous | junkmail | unwanted |
            banned content | blocked senders | junk mail | unsolicited | bulk mail | bulk email | blacklisted url |
            uribl | content reject | content & restricted | content filter | message content | contents policy |
            prohibited | attachment & not allowed | attachment & block | attachment & reject | attachment & prohibit |
            attachment type | illegal attachment | file type | executable | message filtered | mail rejete |
            suspicious | suspected | security issue | security policies | security policy | potential security
            """
        ),
        new(
            "bounce/relay-denied",
            Block,
            PathDown,
            Account,
            """
            relay access denied | relay denied | no relaying | as a relay | specified domain is not allowed |
            handle mail for | not local host | relaying denied | relay not permitted | relaying not permitted |
            relaying not allowed | relay is not allowed | relay not allowed | relaying is not | relaying prohibited |
            relaying mail | relay prohibited | relay operation | not permitted to relay | not allowed to relay |
            configured to relay | unable to relay | cannot relay | can't relay | do not relay | don't relay |
            not an open relay | mail relay | rcpthosts | not a gateway | mail server requires authentication when
            """
        ),
        new(
            "bounce/security",
            Block,
            PathBlocked,
            Account,
            """
            authentication required | credentials | authenticate or | not subscribed to ses | resolver.rst. |
            notauthorized | restrictedto | authrequired | require authentication | need to authenticate | smtp-auth |
            not permitted to send | suppressed sending | has suppressed | authentication is required |
            authentication not | authentication failed | authentication failure | authentication turned on |
            requires authentication | smtp auth | does not advertise auth | authenticated sender | not authenticated |
            must authenticate | authorization failed | not authorized | not authorised | unauthorized | starttls |
            tls required | requires tls | tls is required | tls not | tls handshake | tls connection |
            encryption required | encryption needed | insecure | insufficient security | permission to submit |
            permission to send | do not have permission | may not have permission to post | does not have permission |
            verification failure | cryptographic | misconfigured or out of date | not allowed to send to |
            not allowed to post
            """
        ),
        new(
            "bounce/sender",
            Block,
            PathBlocked,
            Identity,
            // Google Groups says in the user's language that the group is closed or absent; the link is always there.
            """
            sender rejected | sender address | return address | your address | from your domain | batv | third-party dsn | fully qualified | fully-qualified | emetteur |
            unroutable sender | bogus mail | returned mail not accepted | on the recipient's list | pre-approved |
            non-member | members-only | posting to | invalid domain, see | sending this from | recursive cname |
            not a registered gateway | recipient is only accepting | refuses to accept | refuse to receive |
            refuses to receive | user rules | recipient preferences | not accepting any mail |
            not accepting mail with | by the recipient | restricted sms | is protected by | user reject |
            addresses rejected : access | sender id | sender blocked | sender is blocked | blocked sender |
            verification failed for | called:~ | callout | call-back | callback | invalid return | this sender |
            from this address | from that address | sender was rejected | sender refused | sender denied |
            sender address rejected | sender address & denied | sender address & refused |
            sender email address rejected | sender not allowed | sender not accepted | sender is not |
            sender does not exist | sender doesn't exist | sender unknown | sender address is | sender verify |
            sender verification | sender domain | sender's domain | sender's email | sender has been |
            domain of sender | domain of the sender | unknown sender | bad sender | invalid domain name |
            invalid domain in | unresolvable sender | unresolvable rfc.5321 | from address | from domain |
            return path | return-path | envelope sender | reverse-path | mail from command | mail from must |
            null sender | bounce messages are not accepted | does not accept bounces | empty envelope | not member |
            not a member | not subscribed | only subscribers | not on the list of | groups.google.com/ |
            permission to post | mailing list | you are sending to/from | originator | backscatter | invalid from |
            valid sender | accept mail from | accept email from | accepting mail from | accept messages from |
            refuses mail from | refused mail from | mail from your | spoof
            """
        ),
        new(
            "bounce/policy",
            Block,
            PathBlocked,
            RemoteDomain,
            """
            policy | organizational settings | not authorized, message refused | given low | violation | violates |
            regulations | rule imposed | policies | administratively | prohibition | header error | abuse |
            complaint | messages from this domain | not rfc | non-compliant | challenge | whitelist
            """
        ),
    ];

    /// <summary>Words so wide that they count only when nothing else was said.</summary>
    public static readonly PhraseRule[] Last =
    [
        new(
            "bounce/refused",
            Block,
            PathBlocked,
            RemoteDomain,
            """
            denied | not permitted | not allowed | blocked | refused | rejected | rejecting | refuse. veuillez |
            forbidden | not accepted | no thanks | not wanted | not acceptable | unacceptable |
            service not available, closing
            """
        ),
    ];
}
