using System.CommandLine;
using System.Net;
using Armada.Silo.Options;

namespace Armada.Silo.Api;

/// <summary>The command line's <c>health</c>: what /readyz of the silo in this container says, for engines that run a program to find out.</summary>
internal static class HealthCommand
{
    private const int NotReady = 1;
    private static readonly TimeSpan AnswersWithin = TimeSpan.FromSeconds(3);

    /// <param name="load">The settings of the silo that runs, which are this command's too.</param>
    public static Command Make(Func<SiloConfiguration> load, TextWriter output)
    {
        var command = new Command("health", "Ask the silo that runs here with these variables whether it is ready; 0 if it is.");
        command.SetAction((_, cancellation) => AskAsync(HttpOptions.Read(load()).Urls[0], output, cancellation));
        return command;
    }

    private static async Task<int> AskAsync(Uri url, TextWriter output, CancellationToken cancellation)
    {
        // Its certificate is for the name that others call it by.
        using var handler = new HttpClientHandler { ServerCertificateCustomValidationCallback = HttpClientHandler.DangerousAcceptAnyServerCertificateValidator };
        using var client = new HttpClient(handler) { Timeout = AnswersWithin };
        var isAny = IPAddress.TryParse(url.Host.Trim('[', ']'), out var address) && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any));
        try
        {
            using var answer = await client.GetAsync(new UriBuilder(url) { Host = isAny ? "127.0.0.1" : url.Host, Path = "/readyz" }.Uri, cancellation);
            await output.WriteLineAsync((await answer.Content.ReadAsStringAsync(cancellation)).AsMemory(), cancellation);
            return answer.IsSuccessStatusCode ? 0 : NotReady;
        }
        catch (Exception silent) when (silent is HttpRequestException or TaskCanceledException)
        {
            await output.WriteLineAsync($"{url} does not answer: {silent.Message}".AsMemory(), cancellation);
            return NotReady;
        }
    }
}
