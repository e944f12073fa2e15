using Armada.Core.Topics;

namespace Armada.EdgeAgent.Enrollment;

/// <summary>What a person asks for with <c>enroll</c>. It does not show the token.</summary>
/// <param name="Name">Null for the name that the token is for.</param>
/// <param name="Folder">Where the files go; absolute.</param>
/// <param name="Port">Serial port of the arm; null for the only one there is.</param>
/// <param name="Authority">Authority of the server's certificate, PEM; null for the system's.</param>
/// <param name="Configuration">The agent's configuration; absolute.</param>
internal sealed record EnrollmentOptions(
    Uri Server, string Token, string? Name, string Folder, string? Port, string? Authority, string Configuration)
{
    public const string TokenVariable = "ARMADA_ENROLL_TOKEN";
    private const int MaxToken = 1024;

    /// <param name="token">The token, "-" for standard input, null for the environment.</param>
    /// <param name="insecure">Whether the token may go to another machine in the clear.</param>
    /// <exception cref="ConfigurationException">One cannot be used.</exception>
    public static EnrollmentOptions Of(
        string server,
        string? token,
        bool insecure = false,
        string? name = null,
        string? folder = null,
        string? port = null,
        string? authority = null,
        string? configuration = null)
    {
        if (name is not null && !DeviceName.IsValid(name))
            throw new ConfigurationException("--name: is not a device name; use 1 to 64 letters, digits, '-' and '_'");
        folder = Path.GetFullPath(folder ?? ".");
        configuration = configuration is null ? Path.Combine(folder, "agent.json") : Path.GetFullPath(configuration);
        return new EnrollmentOptions(ServerOf(server, insecure), TokenOf(token), name, folder, port, authority, configuration);
    }

    public override string ToString() => $"enrollment of {Name ?? "a device"} at {Server}";

    private static Uri ServerOf(string server, bool insecure)
    {
        if (!Uri.TryCreate(server, UriKind.Absolute, out var uri)
            || (uri.Scheme != Uri.UriSchemeHttps && uri.Scheme != Uri.UriSchemeHttp)
            || uri.UserInfo.Length + uri.Query.Length + uri.Fragment.Length > 0)
        {
            throw new ConfigurationException("--server: is not the address of a silo; give one such as https://silo.example:8443");
        }

        if (uri.Scheme == Uri.UriSchemeHttp && !uri.IsLoopback && !insecure)
            throw new ConfigurationException("--server: http:// sends the token in the clear; use https://, or add --insecure");
        return new Uri(uri.AbsoluteUri.TrimEnd('/') + "/");
    }

    private static string TokenOf(string? given)
    {
        var token = (given == "-" ? Console.In.ReadLine() : given ?? Environment.GetEnvironmentVariable(TokenVariable))?.Trim();
        if (string.IsNullOrEmpty(token))
            throw new ConfigurationException($"--token: is missing; give it, or --token - for standard input, or set {TokenVariable}");
        return token.Length <= MaxToken && token.All(c => c is > ' ' and <= '~')
            ? token
            : throw new ConfigurationException("--token: is not a token that a silo makes; give it as it was shown");
    }
}
