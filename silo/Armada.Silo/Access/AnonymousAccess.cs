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
    public bool AdmitsAnyone => options.Http.IsLoopback && (options.Http.Open || (!keys.IsInitialized && options.Oidc is null));

    /// <summary>Whether without a good admin key nobody could make keys.</summary>
    public bool NeedsAdminKey => !options.Http.Open && options.Oidc is null;

    /// <summary>Refuses doors that other machines reach and nobody guards.</summary>
    /// <exception cref="SiloOptionsException">The message says what to do.</exception>
    public void Check()
    {
        if (!options.Http.IsLoopback && NeedsAdminKey && !keys.HasGoodAdmin)
        {
            throw new SiloOptionsException(
                $"{options.Http.PublicUrl} is reached by other machines and there is no valid admin key: make one with "
                + $"'armada-silo key add --name NAME --role admin --data {options.DataDirectory}', give --admin-key-file, or give --oidc-authority and --oidc-audience");
        }
    }
}
