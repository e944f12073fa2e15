using Armada.Silo.Access.Keys;
using Armada.Silo.Options;

namespace Armada.Silo.Access;

/// <summary>Who comes in without a key or token, and what must be kept so that somebody can come in at all.</summary>
internal sealed class AnonymousAccess(SiloOptions options, KeyRing keys)
{
    /// <summary>
    /// Whether everyone comes in, as admin: on loopback, where it was asked for, or as long as there never was a key and no provider
    /// gives tokens.
    /// </summary>
    public bool AdmitsAnyone => options.IsLoopback && (options.Open || (!keys.IsInitialized && options.Oidc is null));

    /// <summary>Whether without a good admin key nobody could make keys.</summary>
    public bool NeedsAdminKey => !options.Open && options.Oidc is null;

    /// <summary>Refuses doors that other machines reach and nobody guards.</summary>
    /// <exception cref="SiloOptionsException">The message says what to do.</exception>
    public void Check()
    {
        if (!options.IsLoopback && NeedsAdminKey && !keys.HasGoodAdmin)
        {
            throw new SiloOptionsException(
                $"--urls '{options.Urls.First(url => !ListenUrls.IsLoopback(url))}' is reached by other machines and no admin key is good: make one with "
                + $"'armada-silo key add --name NAME --role admin --data {options.DataDirectory}', or give --oidc-authority and --oidc-audience");
        }
    }
}
