namespace Armada.Silo.Identities;

/// <summary>The bundle of a device on an edge agent, or of an agent: PEM files, named as an agent's configuration names them.</summary>
internal static class AgentBundle
{
    /// <summary>Packs it.</summary>
    /// <param name="identity">The device's certificate, and its key where the authority made it.</param>
    /// <param name="authority">The authority that signed the broker's certificate.</param>
    /// <param name="host">Name or address of the broker, as its certificate has it.</param>
    /// <param name="port">The broker's TLS port, 1 to 65535.</param>
    /// <param name="at">When.</param>
    public static Bundle Pack(IssuedIdentity identity, IssuedCertificate authority, string host, int port, DateTimeOffset at)
    {
        if (!HostName.IsValid(host))
            throw new ArgumentException($"'{host}' is no host name or address", nameof(host));
        ArgumentOutOfRangeException.ThrowIfLessThan(port, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(port, ushort.MaxValue);
        var name = identity.Certificate.Name;
        List<(string, ReadOnlyMemory<byte>, bool)> files =
        [
            ("README.txt", Bundle.Text(Readme(identity, host, port)), false),
            ("ca.pem", Bundle.Text(authority.Pem), false),
            ($"{name}.pem", Bundle.Text(identity.Certificate.Pem), false),
        ];
        if (identity.Key is { } key)
            files.Add(($"{name}.key", Bundle.Text(key.Pem()), true));
        return Bundle.Pack(name, at, files);
    }

    private static string Readme(IssuedIdentity identity, string host, int port)
    {
        var name = identity.Certificate.Name;
        var key = identity.Key is null
            ? $"Put the private key that the request was made with beside them, as {name}.key, in PEM."
            : $"{name}.key is the private key. There is no other copy.";
        return $$"""
            The identity of {{name}}, good until {{identity.Certificate.NotAfter:yyyy-MM-dd}}.

            ca.pem     the authority; the broker's certificate must come from it
            {{name}}.pem  the certificate
            {{name}}.key  the private key

            1. Put the files into the folder of the agent's configuration.
               {{key}}
            2. Let nobody but the agent's user read the key: chmod 600 {{name}}.key
            3. Say in the agent's configuration where the broker is:

               "broker": {
                 "host": "{{host}}",
                 "port": {{port}},
                 "tls": { "ca": "ca.pem", "certificate": "{device}.pem", "key": "{device}.key" }
               }

               {device} stands for the device's name, so one line serves all devices of an agent.
            4. Delete this archive.

            """;
    }
}
