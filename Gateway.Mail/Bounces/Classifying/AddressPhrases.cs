using static Gateway.Mail.Bounces.BounceClass;
using static Gateway.Mail.Outcome;
using static Gateway.Mail.OutcomeScope;

namespace Gateway.Mail.Bounces.Classifying;

/// <summary>The address, or its domain, does not exist: the only words that may suppress.</summary>
internal static class AddressPhrases
{
    /// <summary>A host's own directory or edge says so; believed alone.</summary>
    public static readonly PhraseRule Edge = new(
        "bounce/edge-unknown",
        Hard,
        RecipientPermanent,
        Recipient,
        // Yahoo's marker: its own directory answered.
        """
        ]: recipient address rejected: access denied | >: recipient address rejected: access denied |
        recipientnotfound | recipnotfound | delivery error: dd this user doesn't have |
        delivery error: dd requested mail action aborted, mailbox not found | address couldn't be found |
        couldn't be found or is | wasn't found at | couldn't be found at | adresse wurde nicht gefunden
        """
    );

    public static readonly PhraseRule[] All =
    [
        new(
            "bounce/dns-temporary",
            Soft,
            RecipientTemporary,
            RemoteDomain,
            """
            not found, try again | malformed or unexpected name server reply | temporary lookup failure |
            temporary dns | dns temporary | dns failure | dns timeout | destination computer could not be found |
            malformed name server reply | host is unreachable | lookup timed out | host name lookup failure |
            host lookup did not complete | servfail | temporarily rejected
            """
        ),
        new(
            "bounce/moved",
            Hard,
            RecipientPermanent,
            Recipient,
            """
            no longer on server | has moved | moved to a new | new email address | new e-mail address is |
            has changed his | has changed her | no longer at this | left the company | no longer a customer |
            closed the account | please update your address | mailbox moved | user moved | address has changed |
            address changed | has been replaced by | no longer uses this | no longer works here | no longer with |
            no longer employed | left the organization | user no longer | mailbox no longer
            """
        ),
        Edge,
        new(
            "bounce/unknown-host",
            Hard,
            RecipientPermanent,
            RemoteDomain,
            """
            host unknown | domain must exist | account or domain may not exist | domain mentioned in |
            all relevant mx records point to non-existent | all host address lookups failed |
            no mail hosts for domain | could not be found in domain name service |
            destination email system is unknown | destination server for this recipient could not be found |
            nonexistentdomain | nonexistent domain | non-existent domain | domain name does not exist |
            domain name invalid | domain & does not exist | no route to domain | name server: & host not found |
            domain no longer | domain has expired | unresolvable domain | unresolvable host | cannot resolve domain |
            unable to resolve domain | unable to lookup dns for | mx not found | mx record & not found | no a record |
            no valid mx | address family for hostname not supported | domain unknown | unknown mail domain |
            invalid hostname | does not resolve | unknown host | host not found | dns lookup failure: host |
            host not known | domain not found | domain name not found | domain does not exist | domain doesn't exist |
            domain is not reachable | domain is not valid | no such domain | no such host | unknown domain |
            invalid domain | bad domain | bad destination host | bad destination system | illegal host/domain |
            destination server not found | unrouteable address | unroutable address | unrouteable mail domain |
            unrouteable domain | unroutable domain | name or service not known | name service error |
            nodename nor servname | no address associated with hostname | nxdomain | no mx | no mail exchange |
            no relevant answers | couldn't find any host named | couldn't find any host by that name |
            couldn't find a mail exchanger | could not find a mail exchanger | all hosts in mx | null mx | nullmx |
            does not accept mail | does not accept any mail | doesn't accept mail | doesn't receive email |
            does not receive mail | no smtp service | not a mail domain
            """
        ),
        new(
            "bounce/unknown-user",
            Hard,
            RecipientPermanent,
            Recipient,
            """
            user unknown | user does not exist | user doesn't exist | mailbox does not exist | mailbox doesn't exist |
            account does not exist | account doesn't exist | address does not exist | address doesn't exist |
            recipient does not exist | recipient doesn't exist | email does not exist | reach does not exist |
            no mailbox here | no mailbox by that name | no mailbox found | no account by that name |
            no user by that name | badrcptto | badrecipientto | validrcptto | no one at this address |
            not email address | recipient not ok | nessun utente | wrong or no longer | missing home directory |
            virtual user | nosuchuser | addresses were unknown | userunknown | domain or user isn |
            invalid final delivery userid | unrecognized recipient | unrecognised recipient | user is unknown |
            user could not be found | no one by that name | nobody here | nobody by that name |
            recipient address rejected: undeliverable | recipient address rejected: not found | recipient is unknown |
            recipient is invalid | recipient not local | recipient verification failed | recipient verify failed |
            unverified recipient | undeliverable recipient | not in this domain | not in our database |
            not a local user | not a subscriber | no matches to nameserver query | mailbox nonexistent |
            mail-box is not | account unknown | addressee unknown | email address could not |
            email address not found | e-mail address could not | email id does not | email not found | no existe |
            n'existe pas | existiert nicht | non esiste | bestaat niet | finns inte | nie istnieje | nincs ilyen |
            unknown user | unknown recipient | recipient unknown | unknown mailbox | mailbox unknown |
            unknown account | unknown address | address unknown | unknown local part | unknown local-part |
            unknown or illegal | unknown email | unknown in virtual | unknown in local | unknown in relay |
            no such user | no such recipient | no such address | no such account | no such person |
            no such local user | no such email | no such mail | no such name | no valid recipient | no local mailbox |
            not a valid mailbox | not a valid user | not a valid recipient | not a valid address | not a known user |
            not a registered | not valid mailbox | not our customer | not local address | not found in directory |
            not found in local | not listed in & directory | not listed in public name | nonexistent user |
            non-existent user | nonexistent mailbox | user not found | user not known | user not exist |
            user doesn't have | user is not known | user invalid | account not found | recipient not found |
            recipient not known | recipient not exist | recipient name is not recognized |
            recipient is not recognized | recipient & could not be found | recipient no longer | recipient invalid |
            mailbox not found | mailbox invalid | address not known | address invalid | address is invalid |
            address is unknown | invalid recipient | invalid mailbox | invalid user | invalid address |
            invalid email | invalid local | invalid destination | bad recipient | bad destination mailbox |
            bad destination email | illegal user | illegal alias | incorrect address | undeliverable address |
            is not a user | isn't a user | isn't a valid | is not a valid | is not a known |
            this address is no longer | address no longer valid | can't accept user | does not have an email account |
            adresse destinataire invalide | destinataire inconnu | utilisateur inconnu | adresse inconnue |
            empfänger unbekannt | unbekannter empfänger | usuario desconocido | usuário inexistente |
            utente sconosciuto
            """
        )
        {
            Needs = Witness.Any,
        },
        new(
            "bounce/unknown-user-vague",
            Hard,
            RecipientPermanent,
            Recipient,
            """
            not found | not present | could not be found | no account | no user | no recipient |
            recipient address is | is unknown | is not known | not in use | no longer in use | no longer active |
            no longer valid | no longer available | no longer exist | not exist | doesn't exist | address error |
            bad address | mailbox unavailable | mailbox is unavailable | mailbox not available |
            mailbox is not available | mailbox unavaiable | not on server | not on this server | not hosted here |
            is not here | isn't here | isn't known | not in our | account is unavailable | account unavailable |
            mailbox name not allowed | envelope recipient | no mailbox | is not an active | not a user |
            not a mailbox | not known here | address does not | mailbox does not | user does not | email does not |
            account does not | account doesn't
            """
        )
        {
            Needs = Witness.Server,
        },
    ];
}
