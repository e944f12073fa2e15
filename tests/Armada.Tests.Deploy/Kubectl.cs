using System.ComponentModel;
using System.Diagnostics;

namespace Armada.Tests.Deploy;

/// <summary>kubectl's own rendering, which needs no cluster.</summary>
internal static class Kubectl
{
    public static async Task<string> RenderAsync(string overlay)
    {
        using var kubectl = new Process { StartInfo = new("kubectl", ["kustomize", overlay]) { RedirectStandardOutput = true, RedirectStandardError = true } };
        try
        {
            kubectl.Start();
        }
        catch (Win32Exception)
        {
            Skip.If(true, "kubectl is not installed");
        }

        var problems = kubectl.StandardError.ReadToEndAsync();
        var rendered = await kubectl.StandardOutput.ReadToEndAsync();
        await kubectl.WaitForExitAsync();
        Assert.True(kubectl.ExitCode == 0, await problems);
        return rendered;
    }
}
