using System.Collections.Immutable;
using Armada.Silo.Options;

namespace Armada.Silo.Identities;

/// <summary>Where devices find their broker.</summary>
/// <param name="Hosts">As in <see cref="BrokerLocation"/>.</param>
/// <param name="Ca">The authority of an outside broker's certificate, PEM; null where the silo's own is meant.</param>
internal sealed record BrokerPlace(ImmutableArray<string> Hosts, int Port, string? Ca)
{
    /// <exception cref="SiloOptionsException">The authority's file cannot be read.</exception>
    public static BrokerPlace Of(SiloOptions options)
    {
        if (options.Broker is { } endpoint)
            return new BrokerPlace([.. endpoint.Hosts], endpoint.Port, null);
        try
        {
            return new BrokerPlace([.. options.Link.Hosts], options.Link.Port, options.Link.Tls is { } tls ? File.ReadAllText(tls.CaFile) : null);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new SiloOptionsException($"--mqtt-ca cannot be read: {refused.Message}", refused);
        }
    }

    /// <param name="own">The cluster's authorities, PEM.</param>
    public BrokerLocation Locate(string own) => new(Hosts, Port, Ca ?? own, SignsDevices: Ca is null);
}
