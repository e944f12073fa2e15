using Armada.Core.Topics;
using Armada.EdgeAgent.Configuration;

namespace Armada.EdgeAgent.Enrollment;

/// <summary>What a person asks for with <c>enroll</c>. It does not show the token.</summary>
internal sealed class EnrollmentOrder
{
    /// <summary>Environment variable with the token, so that it stands in no list of processes.</summary>
    public const string TokenVariable = "ARMADA_ENROLL_TOKEN";

    private const int LongestToken = 1024;

    /// <summary>Where to ask.</summary>
    public required Uri Server { get; init; }

    /// <summary>The token.</summary>
    public required string Token { get; init; }

    /// <summary>The device's name, or null for the one the token is for.</summary>
    public string? Name { get; init; }

    /// <summary>Where the files go; absolute.</summary>
    public required string Folder { get; init; }

    /// <summary>Serial port of the arm, or null for the only one there is.</summary>
    public string? Port { get; init; }

    /// <summary>Authority of the server's certificate, PEM; null for the system's.</summary>
    public string? Authority { get; init; }

    /// <summary>The agent's configuration; absolute.</summary>
    public required string Configuration { get; init; }

    /// <summary>Reads the options.</summary>
    /// <param name="server">URL of the silo.</param>
    /// <param name="token">The token, "-" for standard input, null for the environment.</param>
    /// <param name="insecure">Whether the token may go to another machine in the clear.</param>
    /// <param name="rest">Name, port and authority as given, and folder and configuration if given.</param>
    /// <exception cref="ConfigurationException">One cannot be used.</exception>
    public static EnrollmentOrder Of(
        string server, string? token, bool insecure, (string? Name, string? Folder, string? Port, string? Authority, string? Configuration) rest)
    {
        if (rest.Name is { } name && !DeviceName.IsValid(name))
            throw new ConfigurationException("--name: is no device name; use 1 to 64 letters, digits, '-' and '_'");
        var folder = Path.GetFullPath(rest.Folder ?? ".");
        return new EnrollmentOrder
        {
            Server = ServerOf(server, insecure),
            Token = TokenOf(token),
            Name = rest.Name,
            Folder = folder,
            Port = rest.Port,
            Authority = rest.Authority,
            Configuration = rest.Configuration is { } file ? Path.GetFullPath(file) : Path.Combine(folder, "agent.json"),
        };
    }

    /// <inheritdoc/>
    public override string ToString() => $"enrollment of {Name ?? "a device"} at {Server}";

    private static Uri ServerOf(string server, bool insecure)
    {
        if (!Uri.TryCreate(server, UriKind.Absolute, out var uri)
            || (uri.Scheme != Uri.UriSchemeHttps && uri.Scheme != Uri.UriSchemeHttp)
            || uri.UserInfo.Length + uri.Query.Length + uri.Fragment.Length > 0)
        {
            throw new ConfigurationException("--server: is no address of a silo; give such as https://silo.example:8443");
        }

        if (uri.Scheme == Uri.UriSchemeHttp && !uri.IsLoopback && !insecure)
            throw new ConfigurationException("--server: http:// shows the token to everybody on the way; use https://, or add --insecure");
        return new Uri(uri.AbsoluteUri.TrimEnd('/') + "/");
    }

    private static string TokenOf(string? given)
    {
        var token = (given == "-" ? Console.In.ReadLine() : given ?? Environment.GetEnvironmentVariable(TokenVariable))?.Trim();
        if (string.IsNullOrEmpty(token))
            throw new ConfigurationException($"--token: there is none; give it, or --token - for standard input, or set {TokenVariable}");
        return token.Length <= LongestToken && token.All(c => c is > ' ' and <= '~')
            ? token
            : throw new ConfigurationException("--token: is none that a silo makes; give it as it was shown");
    }
}
