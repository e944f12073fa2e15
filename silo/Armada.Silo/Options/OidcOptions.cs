namespace Armada.Silo.Options;

/// <summary>An OpenID Connect provider whose tokens the silo takes.</summary>
/// <param name="Authority">Its address, under which /.well-known/openid-configuration is served; https, or http on loopback.</param>
/// <param name="Audience">What its tokens must be meant for.</param>
public sealed record OidcOptions(Uri Authority, string Audience)
{
    /// <summary>Claim with the caller's roles unless told otherwise.</summary>
    public const string DefaultRoleClaim = "roles";

    /// <summary>Claim whose values viewer, operator and admin are the caller's roles; the highest counts.</summary>
    public string RoleClaim { get; init; } = DefaultRoleClaim;
}
